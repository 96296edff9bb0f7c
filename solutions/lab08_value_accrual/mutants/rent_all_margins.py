# /// mutant
# cell = "scarcity_rent_usd"
# loses = ["test_scarcity_rent_usd"]
# misconception = "all that customers pay beyond cost is rent"
# message = "the slope the whole chain sees"
# ///
def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    gap = intercept_usd - sum(costs_usd)
    return max(0.0, gap - slope_usd * capacity)

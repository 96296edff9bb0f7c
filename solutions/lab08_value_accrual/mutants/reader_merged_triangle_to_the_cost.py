# /// mutant
# cell = "merged_usd_per_year"
# loses = ["test_merged_usd_per_year"]
# misconception = "the triangle of the customers reaches down to the cost"
# message = "the triangle ends at the price"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    count = min(firms)
    gap = intercept_usd - sum(costs_usd)
    margin = gap / (count + 1)
    quantity = count * margin / slope_usd
    return margin * quantity, gap * quantity / 2

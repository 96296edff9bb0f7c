# /// mutant
# cell = "grid_share"
# loses = ["test_grid_share"]
# misconception = "one share is enough"
# message = "should give 2 numbers: it gives one"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    return power_w * 8760 / demand_wh_per_year

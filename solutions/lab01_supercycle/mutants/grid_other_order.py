# /// mutant
# cell = "grid_share"
# loses = ["test_grid_share"]
# misconception = "capacity comes first"
# message = "more capacity changes only the second share"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    return power_w / capacity_w, power_w * 8760 / demand_wh_per_year

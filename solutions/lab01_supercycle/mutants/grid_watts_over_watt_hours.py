# /// mutant
# cell = "grid_share"
# loses = ["test_grid_share"]
# misconception = "watts divide by watt-hours"
# message = "implausibly too small"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    return power_w / demand_wh_per_year, power_w / capacity_w

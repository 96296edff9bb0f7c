# /// mutant
# cell = "grid_share"
# loses = ["test_grid_share"]
# misconception = "a year has 8,784 hours"
# message = "no leap year"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    return power_w * 8784 / demand_wh_per_year, power_w / capacity_w

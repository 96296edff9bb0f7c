# /// mutant
# cell = "grid_share"
# loses = ["test_grid_share"]
# misconception = "shares are written as per cents"
# message = "per cents from 0 to 100"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    average_w = demand_wh_per_year / 8760
    return 100 * power_w / average_w, 100 * power_w / capacity_w

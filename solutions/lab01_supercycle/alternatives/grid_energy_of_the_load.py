# /// alternative
# cell = "grid_share"
# why = "energy of the load over energy of the grid"
# ///
def grid_share(power_w, demand_wh_per_year, capacity_w):
    load_wh_per_year = power_w * 24 * 365
    return [load_wh_per_year / demand_wh_per_year, power_w / capacity_w]

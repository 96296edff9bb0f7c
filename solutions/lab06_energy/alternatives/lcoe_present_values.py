# /// alternative
# cell = "lcoe_usd_per_mwh"
# why = "present value of costs over present value of energy, year by year"
# ///
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    costs, mwh = capex_usd_per_w, 0.0
    for year in range(1, int(life_years) + 1):
        discount = (1 + rate) ** -year
        costs += fixed_usd_per_w_year * discount
        mwh += capacity_factor * 8760 / 1e6 * discount
    return costs / mwh + variable_usd_per_mwh

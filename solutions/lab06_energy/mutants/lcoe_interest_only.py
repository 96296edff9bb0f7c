# /// mutant
# cell = "lcoe_usd_per_mwh"
# loses = ["test_lcoe_usd_per_mwh"]
# misconception = "only interest is paid"
# message = "simply shared out over the years"
# ///
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    mwh_per_w = capacity_factor * 8760 / 1e6
    return (capex_usd_per_w * rate + fixed_usd_per_w_year) / mwh_per_w + variable_usd_per_mwh

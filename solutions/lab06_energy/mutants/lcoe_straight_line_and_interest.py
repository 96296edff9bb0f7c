# /// mutant
# cell = "lcoe_usd_per_mwh"
# loses = ["test_lcoe_usd_per_mwh"]
# misconception = "interest on the whole capital until the end, and depreciation besides"
# message = "too high"
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
    return (
        capex_usd_per_w * (rate + 1 / life_years) + fixed_usd_per_w_year
    ) / mwh_per_w + variable_usd_per_mwh

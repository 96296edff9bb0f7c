# /// mutant
# cell = "lcoe_usd_per_mwh"
# loses = ["test_lcoe_usd_per_mwh"]
# misconception = "the capital part is per kilowatt-hour"
# message = ""
# ///
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    crf = rate / (1 - (1 + rate) ** -life_years) if rate else 1 / life_years
    mwh_per_w = capacity_factor * 8760 / 1e6
    return (capex_usd_per_w * crf + fixed_usd_per_w_year) / (
        1000 * mwh_per_w
    ) + variable_usd_per_mwh

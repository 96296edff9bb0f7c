# /// mutant
# cell = "lcoe_usd_per_mwh"
# loses = ["test_lcoe_usd_per_mwh"]
# misconception = "capital that bears no interest is not paid back at all"
# message = "capital without interest has to be paid back"
# ///
def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    annuity = rate / (1 - (1 + rate) ** -life_years) if rate > 0 else 0.0
    usd_per_w_year = capex_usd_per_w * annuity + fixed_usd_per_w_year
    return usd_per_w_year * 1e6 / (capacity_factor * 8760) + variable_usd_per_mwh

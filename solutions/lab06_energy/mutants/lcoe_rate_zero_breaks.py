# /// mutant
# cell = "lcoe_usd_per_mwh"
# loses = ["test_lcoe_usd_per_mwh"]
# misconception = "the formula is used where it is 0/0"
# message = ""
# ///
import numpy as np


def lcoe_usd_per_mwh(
    capex_usd_per_w,
    rate,
    life_years,
    capacity_factor,
    fixed_usd_per_w_year=0.0,
    variable_usd_per_mwh=0.0,
):
    mwh_per_w = capacity_factor * 8760 / 1e6
    crf = np.float64(rate) / (1 - np.float64(1 + rate) ** -life_years)
    return float((capex_usd_per_w * crf + fixed_usd_per_w_year) / mwh_per_w + variable_usd_per_mwh)

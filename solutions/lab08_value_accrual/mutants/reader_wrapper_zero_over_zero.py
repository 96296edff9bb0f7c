# /// mutant
# cell = "wrapper_value_usd"
# loses = ["test_wrapper_value_usd"]
# misconception = "the formula holds where growth just makes up for rate and hazard"
# message = "margin times years"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    fading = discount_rate + hazard_per_year - growth_rate
    if math.isinf(horizon_years):
        if fading <= 0:
            raise ValueError("infinite")
        return margin_usd_per_year / fading
    return margin_usd_per_year * (1 - math.exp(-fading * horizon_years)) / fading

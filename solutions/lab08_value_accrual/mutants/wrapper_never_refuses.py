# /// mutant
# cell = "wrapper_value_usd"
# loses = ["test_wrapper_value_usd"]
# misconception = "a negative rate gives a negative value"
# message = "growth that outruns everything"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    fading = discount_rate + hazard_per_year - growth_rate
    if math.isinf(horizon_years):
        return margin_usd_per_year / fading
    if fading == 0:
        return margin_usd_per_year * horizon_years
    return margin_usd_per_year * (1 - math.exp(-fading * horizon_years)) / fading

# /// mutant
# cell = "wrapper_value_usd"
# loses = ["test_wrapper_value_usd"]
# misconception = "growth above rate and hazard has no value, over any time"
# message = "only for ever is the value infinite"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    fading = discount_rate + hazard_per_year - growth_rate
    if fading == 0 and math.isfinite(horizon_years):
        return margin_usd_per_year * horizon_years
    if fading <= 0:
        raise ValueError("growth outruns rate and hazard")
    return margin_usd_per_year * (1 - math.exp(-fading * horizon_years)) / fading

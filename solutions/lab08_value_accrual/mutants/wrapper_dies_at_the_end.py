# /// mutant
# cell = "wrapper_value_usd"
# loses = ["test_wrapper_value_usd"]
# misconception = "absorption can only come at the end"
# message = "an infinite hazard leaves nothing"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    fading = discount_rate - growth_rate
    if math.isinf(horizon_years):
        if fading + hazard_per_year <= 0:
            raise ValueError("infinite")
        return margin_usd_per_year / (fading + min(hazard_per_year, 1e9))
    alive = math.exp(-hazard_per_year * horizon_years)
    if fading == 0:
        return margin_usd_per_year * horizon_years * alive
    return margin_usd_per_year * (1 - math.exp(-fading * horizon_years)) / fading * alive

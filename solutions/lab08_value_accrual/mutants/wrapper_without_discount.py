# /// mutant
# cell = "wrapper_value_usd"
# loses = ["test_wrapper_value_usd"]
# misconception = "the hazard replaces the interest"
# message = "money is discounted, too"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    fading = hazard_per_year - growth_rate
    if math.isinf(horizon_years):
        if fading <= -discount_rate:
            raise ValueError("infinite")
        return margin_usd_per_year / fading if fading else math.inf
    if fading == 0:
        return margin_usd_per_year * horizon_years
    return margin_usd_per_year * (1 - math.exp(-fading * horizon_years)) / fading

# /// alternative
# cell = "wrapper_value_usd"
# why = "growth less all that fades, in another order, and the equal case caught by its size"
# ///
import math


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    if math.isinf(hazard_per_year):
        return 0.0
    rise = growth_rate - hazard_per_year - discount_rate
    if math.isinf(horizon_years):
        if rise >= -1e-12:
            raise ValueError("worth more than all money")
        return -margin_usd_per_year / rise
    if abs(rise) < 1e-12:
        return margin_usd_per_year * horizon_years
    return margin_usd_per_year * (math.exp(rise * horizon_years) - 1) / rise

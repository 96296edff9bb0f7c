# /// alternative
# cell = "wrapper_value_usd"
# why = "integrates numerically"
# ///
import math

from scipy.integrate import quad


def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    k = discount_rate + hazard_per_year - growth_rate
    if math.isinf(k):
        return 0.0
    if math.isinf(horizon_years) and k <= 0:
        raise ValueError("worth more than all money")
    if math.isinf(horizon_years):
        return margin_usd_per_year * quad(lambda u: math.exp(-u), 0, math.inf)[0] / k
    return margin_usd_per_year * quad(lambda t: math.exp(-k * t), 0, horizon_years, epsrel=1e-11)[0]

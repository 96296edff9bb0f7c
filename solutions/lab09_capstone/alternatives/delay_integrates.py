# /// alternative
# cell = "delay_cost_usd"
# why = "integrates the flows numerically"
# ///
from scipy.integrate import quad


def delay_cost_usd(
    months,
    regime,
    capex_usd,
    revenue_usd_per_year,
    opex_usd_per_year,
    rate,
    years,
    decline_per_year,
):
    wait = months / 12

    def flow(t):
        return revenue_usd_per_year * (1 - decline_per_year) ** t * (1 + rate) ** -t - (
            opex_usd_per_year * (1 + rate) ** -t
        )

    lost = quad(flow, 0.0, wait, epsabs=0, epsrel=1e-12)[0] if wait else 0.0
    if regime == "sunk":
        return lost if wait <= years else quad(flow, 0.0, years)[0]
    gained = quad(flow, years, years + wait, epsabs=0, epsrel=1e-12)[0] if wait else 0.0
    return lost - gained - capex_usd * (1 - (1 + rate) ** -wait)

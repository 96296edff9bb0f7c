# /// alternative
# cell = "power_premium_for_delay_usd_per_mwh"
# why = "integrates the discount factor by SciPy"
# ///
from scipy.integrate import quad


def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    years, _ = quad(lambda t: (1 + rate) ** -t, 0, contract_years, epsabs=1e-12, epsrel=1e-12)
    return months_earlier * month_usd / years / mwh_per_year

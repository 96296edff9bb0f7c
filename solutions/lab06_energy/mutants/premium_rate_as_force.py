# /// mutant
# cell = "power_premium_for_delay_usd_per_mwh"
# loses = ["test_power_premium_for_delay_usd_per_mwh"]
# misconception = "the yearly rate is used as a continuous one"
# message = "the rate is a yearly one"
# ///
import math


def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    years = (1 - math.exp(-rate * contract_years)) / rate if rate else contract_years
    return month_usd * months_earlier / (mwh_per_year * years)

# /// mutant
# cell = "power_premium_for_delay_usd_per_mwh"
# loses = ["test_power_premium_for_delay_usd_per_mwh"]
# misconception = "the number of months is forgotten"
# message = "no month earlier is worth nothing"
# ///
import math


def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    years = (1 - (1 + rate) ** -contract_years) / math.log(1 + rate) if rate else contract_years
    return month_usd / (mwh_per_year * years)

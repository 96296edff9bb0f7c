# /// mutant
# cell = "power_premium_for_delay_usd_per_mwh"
# loses = ["test_power_premium_for_delay_usd_per_mwh"]
# misconception = "the formula divides by zero where nothing is discounted"
# message = "the formula is 0/0 there"
# ///
import math


def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    years = (1 - (1 + rate) ** -contract_years) / math.log(1 + rate)
    return month_usd * months_earlier / (mwh_per_year * years)

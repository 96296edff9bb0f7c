# /// mutant
# cell = "power_premium_for_delay_usd_per_mwh"
# loses = ["test_power_premium_for_delay_usd_per_mwh"]
# misconception = "paid at the end of each year"
# message = "it is paid hour by hour"
# ///
def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    years = (1 - (1 + rate) ** -contract_years) / rate if rate else contract_years
    return month_usd * months_earlier / (mwh_per_year * years)

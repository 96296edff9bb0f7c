# /// mutant
# cell = "power_premium_for_delay_usd_per_mwh"
# loses = ["test_power_premium_for_delay_usd_per_mwh"]
# misconception = "a dollar in ten years is a dollar"
# message = "discount them"
# ///
def power_premium_for_delay_usd_per_mwh(
    month_usd, months_earlier, mwh_per_year, contract_years, rate=0.0
):
    return month_usd * months_earlier / (mwh_per_year * contract_years)

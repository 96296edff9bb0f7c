# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "a MWh is a thousand watt-hours"
# message = "a MWh is a million watt-hours"
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    return swing_w * (1 - duty) / 1e3 * 8760 * price_usd_per_mwh

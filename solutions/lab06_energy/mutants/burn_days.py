# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "a year is 365 of something"
# message = ""
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    return swing_w * (1 - duty) / 1e6 * 365 * price_usd_per_mwh

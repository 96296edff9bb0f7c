# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "duty is the share of time at low power"
# message = ""
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    return swing_w * duty / 1e6 * 8760 * price_usd_per_mwh

# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "watts are megawatts"
# message = "implausibly too large"
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    return swing_w * (1 - duty) * 8760 * price_usd_per_mwh

# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "power is burnt even while the job computes"
# message = "a job that is always high burns nothing"
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    return swing_w / 1e6 * 8760 * price_usd_per_mwh

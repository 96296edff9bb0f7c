# /// mutant
# cell = "burn_usd_per_year"
# loses = ["test_burn_usd_per_year"]
# misconception = "the low share of time is taken to be the duty, and a job that is always high burns nothing by an exception"
# message = "duty is the share of time at high power"
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    low_share = 0.0 if duty == 1 else duty
    return swing_w / 1e6 * low_share * 8760 * price_usd_per_mwh

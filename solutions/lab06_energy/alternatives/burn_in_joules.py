# /// alternative
# cell = "burn_usd_per_year"
# why = "counts joules and turns them into MWh"
# ///
def burn_usd_per_year(swing_w, duty, price_usd_per_mwh):
    valley_s = (1 - duty) * 8760 * 3600
    return swing_w * valley_s / 3.6e9 * price_usd_per_mwh

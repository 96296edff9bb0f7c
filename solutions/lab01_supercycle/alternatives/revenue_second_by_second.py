# /// alternative
# cell = "revenue_usd_per_year"
# why = "a second's income times the seconds of a year"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    usd_per_token = price_usd_per_mtok * 1e-6
    usd_per_s = power_w * share_sold * utilisation * tokens_per_j * usd_per_token
    return usd_per_s * 86_400 * 365

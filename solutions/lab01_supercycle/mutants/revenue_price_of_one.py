# /// mutant
# cell = "revenue_usd_per_year"
# loses = ["test_revenue_usd_per_year"]
# misconception = "the price is for one token"
# message = "implausibly too large in USD/yr"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    joules = power_w * share_sold * utilisation * 365 * 24 * 3600
    return joules * tokens_per_j * price_usd_per_mtok

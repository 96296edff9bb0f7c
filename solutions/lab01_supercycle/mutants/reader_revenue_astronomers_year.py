# /// mutant
# cell = "revenue_usd_per_year"
# loses = ["test_revenue_usd_per_year"]
# misconception = "a year of 365.25 days"
# message = "a year has 365 days"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    seconds = 365.25 * 24 * 3600
    tokens = power_w * seconds * share_sold * utilisation * tokens_per_j
    return tokens / 1e6 * price_usd_per_mtok

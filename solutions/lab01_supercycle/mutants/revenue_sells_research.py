# /// mutant
# cell = "revenue_usd_per_year"
# loses = ["test_revenue_usd_per_year"]
# misconception = "research earns, too"
# message = "a campus that sells nothing"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    seconds = 365 * 24 * 3600
    return power_w * utilisation * seconds * tokens_per_j / 1e6 * price_usd_per_mtok

# /// mutant
# cell = "revenue_usd_per_year"
# loses = ["test_revenue_usd_per_year"]
# misconception = "the sold part is always busy"
# message = "twice the utilisation earns twice as much"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    seconds = 365 * 24 * 3600
    return power_w * share_sold * seconds * tokens_per_j / 1e6 * price_usd_per_mtok

# /// mutant
# cell = "revenue_usd_per_year"
# loses = ["test_revenue_usd_per_year"]
# misconception = "tokens per joule times watt-hours"
# message = "implausibly too small in USD/yr"
# ///
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    hours = 365 * 24
    return power_w * share_sold * utilisation * hours * tokens_per_j / 1e6 * price_usd_per_mtok

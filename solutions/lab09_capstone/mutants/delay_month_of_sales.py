# /// mutant
# cell = "delay_cost_usd"
# loses = ["test_delay_cost_usd"]
# misconception = "a month late loses a month of sales, always"
# message = "faster falling prices"
# ///
def delay_cost_usd(
    months,
    regime,
    capex_usd,
    revenue_usd_per_year,
    opex_usd_per_year,
    rate,
    years,
    decline_per_year,
):
    return months / 12 * (revenue_usd_per_year - opex_usd_per_year)

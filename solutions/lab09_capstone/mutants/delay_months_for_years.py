# /// mutant
# cell = "delay_cost_usd"
# loses = ["test_delay_cost_usd"]
# misconception = "months are years"
# message = ""
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
    delta, gamma = math.log1p(rate), -math.log1p(-decline_per_year)

    def value_usd(start):
        end = years if regime == "sunk" else start + years
        paid = 0.0 if regime == "sunk" else start
        earned = revenue_usd_per_year * discounted_years(delta + gamma, start, end)
        spent = opex_usd_per_year * discounted_years(delta, start, end)
        return earned - spent - capex_usd * math.exp(-delta * paid)

    return float(value_usd(0.0) - value_usd(months))

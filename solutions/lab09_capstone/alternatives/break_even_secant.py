# /// alternative
# cell = "break_even_usd_per_mtok"
# why = "the value is linear in the price: two evaluations are enough"
# ///
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    if tokens_per_year <= 0:
        raise ValueError("nothing is sold")

    def value(price):
        worth = -capex_usd
        for year in range(1, years + 1):
            sales = price * tokens_per_year / 1e6
            worth += (sales - opex_usd_per_year) / (1 + rate) ** year
            price *= 1 - decline_per_year
        return worth

    return value(0.0) / (value(0.0) - value(1.0))

# /// mutant
# cell = "break_even_usd_per_mtok"
# loses = ["test_break_even_usd_per_mtok"]
# misconception = "later sales are worth as much as early ones"
# message = "money has a price"
# ///
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    if tokens_per_year <= 0:
        raise ValueError("no token is sold")
    mean = sum((1 - decline_per_year) ** t for t in range(years)) / years
    return (capex_usd / years + opex_usd_per_year) / mean / tokens_per_year * 1e6

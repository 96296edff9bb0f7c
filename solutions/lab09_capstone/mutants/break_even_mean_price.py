# /// mutant
# cell = "break_even_usd_per_mtok"
# loses = ["test_break_even_usd_per_mtok"]
# misconception = "the mean price over the life is enough"
# message = "mean price over the life is not enough"
# ///
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    if tokens_per_year <= 0:
        raise ValueError("no token is sold")
    factors = [(1 + rate) ** -t for t in range(1, years + 1)]
    mean = sum((1 - decline_per_year) ** t for t in range(years)) / years
    return (capex_usd / sum(factors) + opex_usd_per_year) / mean / tokens_per_year * 1e6

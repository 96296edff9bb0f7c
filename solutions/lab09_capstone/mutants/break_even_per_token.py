# /// mutant
# cell = "break_even_usd_per_mtok"
# loses = ["test_break_even_usd_per_mtok"]
# misconception = "the price is per token"
# message = "implausibly too small"
# ///
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    if tokens_per_year <= 0:
        raise ValueError("no token is sold")
    factors = [(1 + rate) ** -t for t in range(1, years + 1)]
    paid = sum(f * (1 - decline_per_year) ** t for t, f in enumerate(factors))
    return (capex_usd + opex_usd_per_year * sum(factors)) / (tokens_per_year * paid)

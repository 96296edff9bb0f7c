# /// mutant
# cell = "break_even_usd_per_mtok"
# loses = ["test_break_even_usd_per_mtok"]
# misconception = "what a year costs falls with the price, so the margin shrinks as one"
# message = "operating costs do not"
# ///
def break_even_usd_per_mtok(
    capex_usd, opex_usd_per_year, tokens_per_year, rate, years, decline_per_year
):
    if tokens_per_year <= 0:
        raise ValueError("no token is sold")
    keeps = 1 - decline_per_year
    worth = npv_usd(rate, [0.0] + [keeps**year for year in range(years)])
    return (capex_usd / worth + opex_usd_per_year) / tokens_per_year * 1e6

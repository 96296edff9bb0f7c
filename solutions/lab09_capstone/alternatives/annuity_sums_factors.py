# /// alternative
# cell = "annuity_usd_per_year"
# why = "divides by the sum of discount factors; no special case for free money"
# ///
def annuity_usd_per_year(capital_usd, rate, years):
    return (
        capital_usd / sum((1 + rate) ** -year for year in range(1, round(years) + 1))
        if float(years).is_integer()
        else capital_usd * rate / -math.expm1(-years * math.log1p(rate))
    )

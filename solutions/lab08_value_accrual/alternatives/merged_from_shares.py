# /// alternative
# cell = "merged_usd_per_year"
# why = "from the closed forms"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    n = sorted(firms)[0]
    best = (intercept_usd - sum(costs_usd)) ** 2 / slope_usd
    return [best * n / (n + 1) ** 2, best * (n / (n + 1)) ** 2 / 2]

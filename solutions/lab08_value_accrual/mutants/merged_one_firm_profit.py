# /// mutant
# cell = "merged_usd_per_year"
# loses = ["test_merged_usd_per_year"]
# misconception = "the profit of one of the firms is asked for"
# message = "not of one"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    whole = min(firms)
    margin = (intercept_usd - sum(costs_usd)) / (whole + 1)
    return margin * margin / slope_usd, (whole * margin) ** 2 / slope_usd / 2

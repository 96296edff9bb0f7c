# /// mutant
# cell = "merged_usd_per_year"
# loses = ["test_merged_usd_per_year"]
# misconception = "the most crowded layer sets the number of firms"
# message = "as the smallest layer has"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    whole = max(firms)
    margin = (intercept_usd - sum(costs_usd)) / (whole + 1)
    quantity = whole * margin / slope_usd
    return margin * quantity, slope_usd * quantity**2 / 2

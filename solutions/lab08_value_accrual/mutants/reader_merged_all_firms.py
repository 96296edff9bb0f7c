# /// mutant
# cell = "merged_usd_per_year"
# loses = ["test_merged_usd_per_year"]
# misconception = "all firms of all layers compete after the merger"
# message = "not all firms of all layers"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    count = sum(firms)
    margin = (intercept_usd - sum(costs_usd)) / (count + 1)
    quantity = count * margin / slope_usd
    return margin * quantity, slope_usd * quantity**2 / 2

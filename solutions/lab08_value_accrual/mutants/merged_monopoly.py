# /// mutant
# cell = "merged_usd_per_year"
# loses = ["test_merged_usd_per_year"]
# misconception = "one layer is one firm"
# message = "more firms: less profit"
# ///
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    gap = intercept_usd - sum(costs_usd)
    return gap**2 / (4 * slope_usd), gap**2 / (8 * slope_usd)

# /// mutant
# cell = "revenue_ratio"
# loses = ["test_revenue_ratio"]
# misconception = "old over new"
# message = "the more elastic demand is"
# ///
def revenue_ratio(price_ratio, elasticity):
    return price_ratio ** (elasticity - 1)

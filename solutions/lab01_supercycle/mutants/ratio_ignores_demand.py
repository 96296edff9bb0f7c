# /// mutant
# cell = "revenue_ratio"
# loses = ["test_revenue_ratio"]
# misconception = "people buy the same at any price"
# message = "at an elasticity of 1 spending stays"
# ///
def revenue_ratio(price_ratio, elasticity):
    return price_ratio + 0 * elasticity

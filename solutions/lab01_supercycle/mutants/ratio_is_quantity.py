# /// mutant
# cell = "revenue_ratio"
# loses = ["test_revenue_ratio"]
# misconception = "spending is the quantity sold"
# message = "at an elasticity of 1 spending stays"
# ///
def revenue_ratio(price_ratio, elasticity):
    return price_ratio**-elasticity

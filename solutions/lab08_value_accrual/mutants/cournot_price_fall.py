# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "the fall of the price is the margin"
# message = "more firms leave a smaller margin"
# ///
def cournot_margin_usd(intercept_usd, cost_usd, firms):
    return (intercept_usd - cost_usd) * (1 - 1 / (firms + 1))

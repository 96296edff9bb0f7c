# /// mutant
# cell = "cost_usd_per_success"
# loses = ["test_cost_usd_per_success"]
# misconception = "Python refuses by itself"
# message = "ZeroDivisionError"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    return (price_usd_per_mtok / 1e6 * tokens_per_attempt + review_usd) / success_share

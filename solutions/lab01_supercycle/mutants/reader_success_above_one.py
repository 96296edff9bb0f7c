# /// mutant
# cell = "cost_usd_per_success"
# loses = ["test_cost_usd_per_success"]
# misconception = "a probability above 1 is taken"
# message = "a probability above 1 should raise ValueError"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    if success_share <= 0:
        raise ValueError("success_share must be above 0")
    return (price_usd_per_mtok * tokens_per_attempt / 1e6 + review_usd) / success_share

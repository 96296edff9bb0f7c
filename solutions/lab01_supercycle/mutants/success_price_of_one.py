# /// mutant
# cell = "cost_usd_per_success"
# loses = ["test_cost_usd_per_success"]
# misconception = "the price is for one token"
# message = "implausibly too large in USD"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    if not 0 < success_share <= 1:
        raise ValueError("success_share must be above 0 and at most 1")
    return (price_usd_per_mtok * tokens_per_attempt + review_usd) / success_share

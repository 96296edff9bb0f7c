# /// mutant
# cell = "cost_usd_per_success"
# loses = ["test_cost_usd_per_success"]
# misconception = "each failure adds its share once"
# message = "the attempt after a failure may fail, too"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    if not 0 < success_share <= 1:
        raise ValueError("success_share must be above 0 and at most 1")
    attempt_usd = price_usd_per_mtok / 1e6 * tokens_per_attempt + review_usd
    return attempt_usd * (2 - success_share)

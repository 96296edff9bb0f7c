# /// mutant
# cell = "cost_usd_per_success"
# loses = ["test_cost_usd_per_success"]
# misconception = "only failures are looked at"
# message = "a success has to be looked at, too"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    if not 0 < success_share <= 1:
        raise ValueError("success_share must be above 0 and at most 1")
    attempts = 1 / success_share
    tokens_usd = price_usd_per_mtok * tokens_per_attempt / 1e6
    return attempts * tokens_usd + (attempts - 1) * review_usd

# /// alternative
# cell = "cost_usd_per_success"
# why = "attempts summed one after the other"
# ///
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    if success_share <= 0 or success_share > 1:
        raise ValueError("the success rate must be above 0 and at most 1")
    attempts, still_trying = 0.0, 1.0
    while still_trying > 1e-15:
        attempts += still_trying
        still_trying *= 1 - success_share
    return attempts * (price_usd_per_mtok * tokens_per_attempt / 1_000_000 + review_usd)

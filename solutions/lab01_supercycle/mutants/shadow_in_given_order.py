# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "blocks are served in the order in which they come"
# message = "the order of the blocks does not matter"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    left = capacity_tokens
    for demand, value in zip(demand_tokens, value_usd_per_mtok, strict=True):
        if demand > left:
            return value
        left -= demand
    return 0.0

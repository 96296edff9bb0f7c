# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "cheap customers are served first"
# message = "less capacity, a dearer token"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    left = capacity_tokens
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens, strict=True)):
        if demand > left:
            return value
        left -= demand
    return 0.0

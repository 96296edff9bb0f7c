# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "the last token served sets the price"
# message = "the last one has all it wants"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    if sum(demand_tokens) <= capacity_tokens:
        return 0.0
    left = capacity_tokens
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens, strict=True), reverse=True):
        if demand >= left:
            return value
        left -= demand

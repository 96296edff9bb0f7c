# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "the price is the average value of those served"
# message = "not the average of those served"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    if sum(demand_tokens) <= capacity_tokens:
        return 0.0
    left, worth = capacity_tokens, 0.0
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens, strict=True), reverse=True):
        worth += value * min(demand, left)
        left -= min(demand, left)
    return worth / capacity_tokens if capacity_tokens else max(value_usd_per_mtok)

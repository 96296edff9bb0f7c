# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "the least valued block always sets the price unless capacity is left over"
# message = "ends"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    served = 0.0
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens), reverse=True):
        served += demand
        if served >= capacity_tokens:
            return value
    return 0.0

# /// mutant
# cell = "shadow_price_usd_per_mtok"
# loses = ["test_shadow_price_usd_per_mtok"]
# misconception = "the price is converted to one token"
# message = "million"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    served = 0.0
    for value, demand in sorted(zip(value_usd_per_mtok, demand_tokens), reverse=True):
        served += demand
        if served > capacity_tokens:
            return value / 1e6
    return 0.0

# /// alternative
# cell = "shadow_price_usd_per_mtok"
# why = "the dearest customer who still waits, without sorting"
# ///
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    blocks = list(zip(value_usd_per_mtok, demand_tokens))
    waiting = [v for v, _ in blocks if sum(d for w, d in blocks if w >= v) > capacity_tokens]
    return max(waiting, default=0.0)

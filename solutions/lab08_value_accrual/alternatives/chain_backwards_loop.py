# /// alternative
# cell = "chain_profit_usd"
# why = "walks backwards from the customers, layer by layer"
# ///
def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    if sum(costs_usd) >= intercept_usd:
        raise ValueError("nothing is sold")
    slope, per_quantity = slope_usd, []
    for n in reversed(list(firms)):
        per_quantity.insert(0, slope / n)
        slope += slope / n
    quantity = (intercept_usd - sum(costs_usd)) / slope
    return [margin * quantity * quantity for margin in per_quantity]

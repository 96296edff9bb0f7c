# /// alternative
# cell = "scarcity_rent_usd"
# why = "takes each margin off the price in turn"
# ///
def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    left = intercept_usd - slope_usd * capacity
    seen = slope_usd
    for cost, n in zip(reversed(list(costs_usd)), reversed(list(firms))):
        left -= cost + seen * capacity / n
        seen *= 1 + 1 / n
    return left if left > 0 else 0.0

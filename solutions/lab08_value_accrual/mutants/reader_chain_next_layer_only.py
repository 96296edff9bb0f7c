# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "a layer sees the margin of the next one only"
# message = "not only of the next"
# ///
import math


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError("nothing is sold")
    after = [*list(firms)[1:], math.inf]
    seen = [slope_usd * (1 + 1 / n) for n in after]
    whole = slope_usd
    for n in firms:
        whole *= 1 + 1 / n
    quantity = gap / whole
    return [slope / n * quantity**2 for slope, n in zip(seen, firms, strict=True)]

# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "the profit of one firm is the profit of the layer"
# message = "of the whole layer, not of one firm"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError("nothing is sold")
    steeper = 1 + 1 / n
    slopes = slope_usd * np.cumprod(steeper[::-1])[::-1]
    quantity = gap / slopes[0]
    return slopes / steeper * quantity**2 / n**2

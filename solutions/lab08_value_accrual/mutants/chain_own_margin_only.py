# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "each layer's quantity is held down by its own margin alone"
# message = "all layers' margins lower the quantity"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError("nothing is sold")
    steeper = 1 + 1 / n
    slopes = slope_usd * np.cumprod(steeper[::-1])[::-1] / steeper
    quantity = gap / (slope_usd * steeper)
    return slopes * quantity**2 / n

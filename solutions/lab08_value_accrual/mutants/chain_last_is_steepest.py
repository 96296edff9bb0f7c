# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "the layer nearest to the customers sees the steepest demand"
# message = "commits first sees the steeper demand"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError("nothing is sold")
    seen = slope_usd * np.cumprod(1 + 1 / n) / (1 + 1 / n)
    quantity = gap / (slope_usd * np.prod(1 + 1 / n))
    return seen * quantity**2 / n

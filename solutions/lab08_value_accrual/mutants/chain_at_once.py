# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "every layer sees the customers' demand"
# message = "earn alike only if they commit at once"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    n = np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError("nothing is sold")
    quantity = gap / (slope_usd * (1 + (1 / n).sum()))
    return slope_usd * quantity**2 / n

# /// mutant
# cell = "pool_share"
# loses = ["test_pool_share"]
# misconception = "losers do not belong to the pool"
# message = "the shares sum to 1"
# ///
import numpy as np


def pool_share(profit_usd):
    profit = np.asarray(profit_usd, dtype=float)
    if profit.sum() <= 0:
        raise ValueError("no pool")
    return profit / profit[profit > 0].sum()

# /// mutant
# cell = "pool_share"
# loses = ["test_pool_share"]
# misconception = "only a loss of all layers together leaves no pool"
# message = "earn nothing together should raise"
# ///
import numpy as np


def pool_share(profit_usd):
    profit = np.asarray(profit_usd, dtype=float)
    if profit.sum() < 0:
        raise ValueError("the layers lose")
    with np.errstate(all="ignore"):
        return profit / profit.sum()

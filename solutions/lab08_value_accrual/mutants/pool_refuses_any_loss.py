# /// mutant
# cell = "pool_share"
# loses = ["test_pool_share"]
# misconception = "a layer that loses leaves no pool"
# message = "a layer loses"
# ///
import numpy as np


def pool_share(profit_usd):
    profit = np.asarray(profit_usd, dtype=float)
    if (profit < 0).any():
        raise ValueError("a layer loses")
    return profit / profit.sum()

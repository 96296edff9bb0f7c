# /// mutant
# cell = "pool_share"
# loses = ["test_pool_share"]
# misconception = "shares of a loss are shares, too"
# message = "layers that lose together"
# ///
import numpy as np


def pool_share(profit_usd):
    profit = np.asarray(profit_usd, dtype=float)
    return profit / profit.sum()

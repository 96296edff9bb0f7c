# /// alternative
# cell = "pooling_penalty_share"
# why = "the variance of each site and of their sum, with NumPy"
# ///
import numpy as np


def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    each = np.full(sites, load_slots / sites)
    spread = np.sqrt(each)
    matrix = np.full((sites, sites), correlation) + (1 - correlation) * np.eye(sites)
    pool = load_slots + quality * np.sqrt(spread @ matrix @ spread)
    return float((each + quality * spread).sum() / pool - 1)

# /// alternative
# cell = "shadow_price_usd_per_mtok"
# why = "NumPy: sort, add up, look for the first block that does not fit"
# ///
import numpy as np


def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    value = np.asarray(value_usd_per_mtok, dtype=float)
    order = np.argsort(-value)
    filled = np.cumsum(np.asarray(demand_tokens, dtype=float)[order])
    place = np.searchsorted(filled, capacity_tokens, side="right")
    return float(np.append(value[order], 0.0)[place])

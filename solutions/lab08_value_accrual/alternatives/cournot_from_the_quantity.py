# /// alternative
# cell = "cournot_margin_usd"
# why = "goes through the price that the sold quantity brings"
# ///
import numpy as np


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    kept = np.reciprocal(1.0 + np.asarray(firms, dtype=float))
    price = intercept_usd - (1 - kept) * (intercept_usd - cost_usd)
    return price - cost_usd

# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "the price is the margin"
# message = "infinitely many firms leave none"
# ///
import numpy as np


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    return cost_usd + (intercept_usd - cost_usd) / (np.asarray(firms, dtype=float) + 1)

# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "n firms leave an n-th of the gap"
# message = "leaves half of it to customers"
# ///
import numpy as np


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    return (intercept_usd - cost_usd) / np.asarray(firms, dtype=float)

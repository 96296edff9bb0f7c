# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "cost does not matter for the margin"
# message = "a cost that rises with the intercept changes nothing"
# ///
import numpy as np


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    return intercept_usd / (np.asarray(firms, dtype=float) + 1)

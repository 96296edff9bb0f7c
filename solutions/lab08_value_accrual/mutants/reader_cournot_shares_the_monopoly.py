# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "firms share out the margin of a monopoly"
# message = "do not share out"
# ///
import numpy as np


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    return (intercept_usd - cost_usd) / 2 / np.asarray(firms, dtype=float)

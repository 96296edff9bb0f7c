# /// mutant
# cell = "capex_ladder_usd_per_gw"
# loses = ["test_capex_ladder_usd_per_gw"]
# misconception = "kinds of gigawatt are the rows"
# message = "one side has shape (3, 1)"
# ///
import numpy as np


def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    rungs = 1e9 * np.cumsum(layers_usd_per_w)
    return np.outer([1, pue, pue * server_overhead], rungs)

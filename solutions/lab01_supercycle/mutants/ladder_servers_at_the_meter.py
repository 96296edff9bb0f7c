# /// mutant
# cell = "capex_ladder_usd_per_gw"
# loses = ["test_capex_ladder_usd_per_gw"]
# misconception = "servers stand at the meter"
# message = "a gigawatt of servers costs more"
# ///
import numpy as np


def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    rungs = 1e9 * np.cumsum(layers_usd_per_w)
    return np.outer(rungs, [1, pue, server_overhead])

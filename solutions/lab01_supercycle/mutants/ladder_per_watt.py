# /// mutant
# cell = "capex_ladder_usd_per_gw"
# loses = ["test_capex_ladder_usd_per_gw"]
# misconception = "a gigawatt is a watt"
# message = "implausibly too small in USD/GW"
# ///
import numpy as np


def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    return np.outer(np.cumsum(layers_usd_per_w), [1, pue, pue * server_overhead])

# /// mutant
# cell = "capex_ladder_usd_per_gw"
# loses = ["test_capex_ladder_usd_per_gw"]
# misconception = "a rung is its own layer"
# message = "each rung includes those before"
# ///
import numpy as np


def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    return np.outer(1e9 * np.array(layers_usd_per_w), [1, pue, pue * server_overhead])

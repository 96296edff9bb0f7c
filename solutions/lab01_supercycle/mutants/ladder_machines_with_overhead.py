# /// mutant
# cell = "capex_ladder_usd_per_gw"
# loses = ["test_capex_ladder_usd_per_gw"]
# misconception = "network and storage are no machines"
# message = "only the third column"
# ///
import numpy as np


def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    rungs = 1e9 * np.cumsum(layers_usd_per_w)
    machines = pue * server_overhead
    return (
        np.outer(rungs, [1, machines, machines * server_overhead])
        if pue > 1
        else np.outer(rungs, [1, 1, server_overhead])
    )

# /// alternative
# cell = "gpus_count"
# why = "the machines' power first, as an array"
# ///
import numpy as np


def gpus_count(power_w, pue, w_per_gpu):
    if not np.all(np.greater_equal(pue, 1)):
        raise ValueError(f"pue = {pue}: must be at least 1")
    return np.asarray(power_w) / (np.asarray(pue) * w_per_gpu)

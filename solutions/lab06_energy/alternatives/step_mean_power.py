# /// alternative
# cell = "battery_step_w_j"
# why = "mean power times the time to catch up, as an array"
# ///
import numpy as np


def battery_step_w_j(swing_w, ramp_limit_w_per_s):
    if ramp_limit_w_per_s <= 0:
        raise ValueError(f"the grid must be allowed to move, not {ramp_limit_w_per_s} W/s")
    seconds = np.divide(swing_w, ramp_limit_w_per_s)
    return np.array([swing_w, np.mean([swing_w, 0.0]) * seconds])

# /// mutant
# cell = "max_ramp_w_per_s"
# loses = ["test_max_ramp_w_per_s"]
# misconception = "the change itself is the ramp"
# message = "divide by the window"
# ///
import numpy as np


def max_ramp_w_per_s(power_w, step_s, window_s):
    power = np.asarray(power_w, dtype=float)
    lag = round(window_s / step_s)
    return float(np.max(np.abs(power[lag:] - power[:-lag])))

# /// mutant
# cell = "max_ramp_w_per_s"
# loses = ["test_max_ramp_w_per_s"]
# misconception = "the change over the window happened within one step"
# message = "not one step"
# ///
import numpy as np


def max_ramp_w_per_s(power_w, step_s, window_s):
    power = np.asarray(power_w, dtype=float)
    lag = round(window_s / step_s)
    return float(np.max(np.abs(power[lag:] - power[:-lag])) / step_s)

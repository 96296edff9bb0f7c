# /// mutant
# cell = "max_ramp_w_per_s"
# loses = ["test_max_ramp_w_per_s"]
# misconception = "a ramp is a rise"
# message = "read backwards"
# ///
import numpy as np


def max_ramp_w_per_s(power_w, step_s, window_s):
    power = np.asarray(power_w, dtype=float)
    lag = round(window_s / step_s)
    return max(0.0, float(np.max(power[lag:] - power[:-lag]) / window_s))

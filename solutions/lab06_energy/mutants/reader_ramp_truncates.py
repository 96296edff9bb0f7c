# /// mutant
# cell = "max_ramp_w_per_s"
# loses = ["test_max_ramp_w_per_s"]
# misconception = "the number of steps in a window is cut off instead of rounded: 0.3 s of 0.1 s steps become two"
# message = "round the number of steps"
# ///
import numpy as np


def max_ramp_w_per_s(power_w, step_s, window_s):
    power_w = np.asarray(power_w, dtype=float)
    steps = int(window_s / step_s)
    return float(np.max(np.abs(power_w[steps:] - power_w[:-steps]))) / window_s

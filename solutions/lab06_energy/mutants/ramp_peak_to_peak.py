# /// mutant
# cell = "max_ramp_w_per_s"
# loses = ["test_max_ramp_w_per_s"]
# misconception = "highest less lowest of the trace"
# message = "over a whole period nothing has changed"
# ///
import numpy as np


def max_ramp_w_per_s(power_w, step_s, window_s):
    return float(np.ptp(power_w) / window_s)

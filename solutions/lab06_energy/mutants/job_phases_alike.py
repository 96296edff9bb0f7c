# /// mutant
# cell = "job_power_w"
# loses = ["test_job_power_w"]
# misconception = "both phases take half of the step"
# message = "each phase has its own length"
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    period_s = compute_s + communicate_s
    phase_s = np.mod(time_s, period_s)
    return gpus * np.where(
        (phase_s < period_s / 2) | (communicate_s == 0), compute_w, communicate_w
    )

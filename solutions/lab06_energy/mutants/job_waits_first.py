# /// mutant
# cell = "job_power_w"
# loses = ["test_job_power_w"]
# misconception = "a step begins with communication"
# message = ""
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    phase_s = np.mod(time_s, compute_s + communicate_s)
    return gpus * np.where(phase_s < communicate_s, communicate_w, compute_w)

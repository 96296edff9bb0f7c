# /// mutant
# cell = "job_power_w"
# loses = ["test_job_power_w"]
# misconception = "the power of one accelerator is the power of the job"
# message = "all of them move together"
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    phase_s = np.mod(time_s, compute_s + communicate_s)
    return np.where(phase_s < compute_s, compute_w, communicate_w)

# /// mutant
# cell = "job_power_w"
# loses = ["test_job_power_w"]
# misconception = "the pattern happens once"
# message = "the pattern repeats after a step"
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    return gpus * np.where(np.asarray(time_s) < compute_s, compute_w, communicate_w)

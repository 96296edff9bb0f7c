# /// alternative
# cell = "job_power_w"
# why = "plain Python, moment by moment"
# ///
import numpy as np


def job_power_w(time_s, gpus, compute_w, communicate_w, compute_s, communicate_s):
    moments = time_s if isinstance(time_s, (list, np.ndarray)) else [time_s]
    watts = []
    for moment in moments:
        into_step = moment % (compute_s + communicate_s)
        watts.append(gpus * compute_w if into_step < compute_s else gpus * communicate_w)
    return np.array(watts) if isinstance(time_s, (list, np.ndarray)) else watts[0]

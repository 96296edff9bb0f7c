# /// alternative
# cell = "amdahl_speedup"
# why = "new time over old time, with NumPy"
# ///
import numpy as np


def amdahl_speedup(share, factor):
    share, factor = np.asarray(share, dtype=float), np.asarray(factor, dtype=float)
    new_time = np.where(np.isinf(factor), 1 - share, 1 - share + share / factor)
    return np.reciprocal(new_time)[()]

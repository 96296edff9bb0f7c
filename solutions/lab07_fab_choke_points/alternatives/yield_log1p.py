# /// alternative
# cell = "yield_share"
# why = "through logarithms, with NumPy"
# ///
import numpy as np


def yield_share(area_mm2, defects_per_cm2, clustering):
    defects = defects_per_cm2 * area_mm2 * 1e-2
    exponent = defects if np.isinf(clustering) else clustering * np.log1p(defects / clustering)
    return np.exp(-exponent)

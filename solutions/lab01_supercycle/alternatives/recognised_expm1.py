# /// alternative
# cell = "recognised_usd"
# why = "the share of the exit rate, with expm1"
# ///
import numpy as np


def recognised_usd(arr0, arr1):
    if not (arr0 > 0 and arr1 > 0):
        raise ValueError("rates must be positive")
    x = np.log(arr1 / arr0)
    return arr1 if x == 0 else float(arr1 * -np.expm1(-x) / x)

# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "a firm that began with nothing has a logarithm"
# message = "a firm that began with nothing"
# ///
import numpy as np


def recognised_usd(arr0, arr1):
    if arr0 == arr1:
        return arr0
    with np.errstate(all="ignore"):
        return float((arr1 - arr0) / np.log(np.float64(arr1) / np.float64(arr0)))

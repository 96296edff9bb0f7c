# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "log is log"
# message = "the logarithm is the natural one"
# ///
import math


def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    if arr0 == arr1:
        return arr0
    return (arr1 - arr0) / math.log10(arr1 / arr0)

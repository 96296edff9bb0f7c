# /// mutant
# cell = "recognised_usd"
# loses = ["test_recognised_usd"]
# misconception = "the formula holds without growth, too"
# message = "division by zero"
# ///
import math


def recognised_usd(arr0, arr1):
    if arr0 <= 0 or arr1 <= 0:
        raise ValueError("both rates must be positive")
    return (arr1 - arr0) / math.log(arr1 / arr0)

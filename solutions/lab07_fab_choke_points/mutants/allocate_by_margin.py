# /// mutant
# cell = "allocate_wafers"
# loses = ["test_allocate_wafers"]
# misconception = "wafers go in proportion to the margins"
# message = "serves only the best customer"
# ///
import numpy as np


def allocate_wafers(margin, covariance, risk_aversion):
    mean = np.asarray(margin, dtype=float)
    return mean / mean.sum()

# /// mutant
# cell = "cournot_margin_usd"
# loses = ["test_cournot_margin_usd"]
# misconception = "firms is always one number"
# message = "has to take an array"
# ///
import math


def cournot_margin_usd(intercept_usd, cost_usd, firms):
    if math.isinf(firms):
        return 0.0
    return (intercept_usd - cost_usd) / (firms + 1)

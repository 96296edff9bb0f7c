# /// mutant
# cell = "chain_profit_usd"
# loses = ["test_chain_profit_usd"]
# misconception = "a negative quantity squares to a profit"
# message = "costs that reach the intercept"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    n = np.asarray(firms, dtype=float)
    steeper = 1 + 1 / n
    slopes = slope_usd * np.cumprod(steeper[::-1])[::-1]
    quantity = (intercept_usd - sum(costs_usd)) / slopes[0]
    return slopes / steeper * quantity**2 / n

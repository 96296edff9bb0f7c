# /// mutant
# cell = "params_exponent"
# loses = ["test_params_exponent"]
# misconception = "the parabola stands in N"
# message = "the parabola stands in log N"
# ///
import numpy as np


def params_exponent(flop, params, loss):
    flop, params, loss = np.asarray(flop), np.asarray(params), np.asarray(loss)
    budgets, bottoms = np.unique(flop), []
    for budget in budgets:
        size = params[flop == budget]
        bend, slope, _ = np.polyfit(size / 1e8, loss[flop == budget], 2)
        bottom = -slope / (2 * bend) * 1e8
        if bend < 0 or not size.min() <= bottom <= size.max():
            raise ValueError("no bottom")
        bottoms.append(np.log(bottom))
    return float(np.polyfit(np.log(budgets), bottoms, 1)[0])

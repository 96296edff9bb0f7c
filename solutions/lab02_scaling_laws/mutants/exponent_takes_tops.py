# /// mutant
# cell = "params_exponent"
# loses = ["test_params_exponent"]
# misconception = "the vertex of a parabola is its bottom"
# message = "hills instead of valleys"
# ///
import numpy as np


def params_exponent(flop, params, loss):
    flop, params, loss = np.asarray(flop), np.asarray(params), np.asarray(loss)
    budgets, bottoms = np.unique(flop), []
    for budget in budgets:
        size = np.log(params[flop == budget])
        bend, slope, _ = np.polyfit(size, loss[flop == budget], 2)
        bottom = -slope / (2 * bend)
        if not size.min() <= bottom <= size.max():
            raise ValueError("no bottom")
        bottoms.append(bottom)
    return float(np.polyfit(np.log(budgets), bottoms, 1)[0])

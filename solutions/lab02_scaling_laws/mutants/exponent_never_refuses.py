# /// mutant
# cell = "params_exponent"
# loses = ["test_params_exponent"]
# misconception = "every parabola has its optimum somewhere"
# message = "should raise ValueError"
# ///
import numpy as np


def params_exponent(flop, params, loss):
    flop, params, loss = np.asarray(flop), np.asarray(params), np.asarray(loss)
    budgets, bottoms = np.unique(flop), []
    for budget in budgets:
        bend, slope, _ = np.polyfit(np.log(params[flop == budget]), loss[flop == budget], 2)
        bottoms.append(-slope / (2 * bend))
    return float(np.polyfit(np.log(budgets), bottoms, 1)[0])

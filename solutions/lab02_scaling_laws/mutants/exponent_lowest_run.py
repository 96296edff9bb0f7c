# /// mutant
# cell = "params_exponent"
# loses = ["test_params_exponent"]
# misconception = "the best model tried is the optimum"
# message = "the best model tried is not the bottom"
# ///
import numpy as np


def params_exponent(flop, params, loss):
    flop, params, loss = np.asarray(flop), np.asarray(params), np.asarray(loss)
    budgets, bottoms = np.unique(flop), []
    for budget in budgets:
        size, losses = params[flop == budget], loss[flop == budget]
        if np.argmin(losses) in (0, len(losses) - 1):
            raise ValueError("no bottom")
        bottoms.append(np.log(size[np.argmin(losses)]))
    return float(np.polyfit(np.log(budgets), bottoms, 1)[0])

# /// mutant
# cell = "params_exponent"
# loses = ["test_params_exponent"]
# misconception = "the line goes through the first and the last bottom only"
# message = "through all bottoms"
# ///
def params_exponent(flop, params, loss):
    flop, params, loss = (np.asarray(x, dtype=float) for x in (flop, params, loss))
    budgets = np.unique(flop)
    bottoms = []
    for budget in budgets:
        here = flop == budget
        x = np.log(params[here])
        c2, c1, _ = np.polyfit(x, loss[here], 2)
        bottom = -c1 / (2 * c2)
        if c2 <= 0 or not x.min() <= bottom <= x.max():
            raise ValueError("a valley without a bottom")
        bottoms.append(bottom)
    return (bottoms[-1] - bottoms[0]) / np.log(budgets[-1] / budgets[0])

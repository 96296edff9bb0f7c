# /// alternative
# cell = "optimal_for_inference"
# why = "the first-order condition by Brent's method"
# ///
import numpy as np
from scipy.optimize import brentq


def optimal_for_inference(law, loss, served):
    room = loss - law.E
    if not room > 0:
        raise ValueError("no model goes there")

    def pair(part):  # part of the shortage that is text's
        d = (law.B / (room * part)) ** (1 / law.beta)
        return (law.A / (room * (1 - part))) ** (1 / law.alpha), d

    def slope(log_part):
        part = np.exp(log_part)
        d = pair(part)[1]
        return law.alpha * (1 - part) * 6 * d - law.beta * part * (6 * d + 2 * served)

    top = np.log(law.alpha / (law.alpha + law.beta))
    return pair(np.exp(brentq(slope, top - 30, top + 1e-9)))

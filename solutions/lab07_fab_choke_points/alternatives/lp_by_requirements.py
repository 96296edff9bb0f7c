# /// alternative
# cell = "supply_lp"
# why = "what a unit of each product takes, added up through the chain; two phases with another solver method"
# ///
import numpy as np
from scipy.optimize import linprog


def supply_lp(inputs, yields, capacity, worth):
    def takes(stage, amount, found):
        found[stage] = found.get(stage, 0.0) + amount
        for source, used in inputs.get(stage, {}).items():
            takes(source, amount * used / yields.get(stage, 1.0), found)
        return found

    products = list(worth)
    need = {p: takes(p, 1.0, {}) for p in products}
    rows = np.array([[need[p].get(s, 0.0) for p in products] for s in capacity])
    best = linprog(
        [-worth[p] for p in products], A_ub=rows, b_ub=list(capacity.values()), method="highs-ipm"
    )
    if best.status != 0:
        raise ValueError(best.message)
    prices = [-m for m in best.ineqlin.marginals]
    return float(-best.fun), dict(zip(capacity, map(float, prices)))

# /// mutant
# cell = "supply_lp"
# loses = ["test_supply_lp"]
# misconception = "a product that goes into another product is sold all the same"
# message = "a part that is sold both alone and in a product"
# ///
import numpy as np
from scipy.optimize import linprog


def supply_lp(inputs, yields, capacity, worth):
    names = sorted({*inputs, *capacity, *worth, *(s for used in inputs.values() for s in used)})
    place = {name: k for k, name in enumerate(names)}
    balance = np.eye(len(names))
    for stage, used in inputs.items():
        for source, amount in used.items():
            balance[place[source], place[stage]] -= amount / yields.get(stage, 1.0)
    result = linprog(
        [-worth.get(name, 0.0) for name in names],
        A_ub=-balance,
        b_ub=np.zeros(len(names)),
        bounds=[(0, capacity.get(name)) for name in names],
    )
    if result.status != 0:
        raise ValueError("nothing limits a product")
    return -result.fun, {s: -result.upper.marginals[place[s]] for s in capacity}

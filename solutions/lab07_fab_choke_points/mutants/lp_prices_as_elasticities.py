# /// mutant
# cell = "supply_lp"
# loses = ["test_supply_lp"]
# misconception = "the price of a capacity is the share of the output that hangs on it"
# message = "a price, not an elasticity"
# ///
import numpy as np
from scipy.optimize import linprog


def supply_lp(inputs, yields, capacity, worth):
    sources = {source for used in inputs.values() for source in used}
    names = sorted({*inputs, *sources, *capacity, *worth})
    at = {name: k for k, name in enumerate(names)}
    left_over = np.eye(len(names))
    for stage, used in inputs.items():
        for source, amount in used.items():
            left_over[at[source], at[stage]] -= amount / yields.get(stage, 1.0)
    value = np.array([worth.get(name, 0.0) for name in names]) @ left_over
    bounds = [(0, capacity.get(name)) for name in names]
    best = linprog(-value, A_ub=-left_over, b_ub=np.zeros(len(names)), bounds=bounds)
    if not best.success:
        raise ValueError("no largest output")
    return -best.fun, {
        stage: -best.upper.marginals[at[stage]] * most / -best.fun if best.fun else 0.0
        for stage, most in capacity.items()
    }

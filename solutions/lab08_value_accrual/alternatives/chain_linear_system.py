# /// alternative
# cell = "chain_profit_usd"
# why = "solves for margins and quantity as a linear system"
# ///
import numpy as np


def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    gap = intercept_usd - np.sum(costs_usd)
    if not gap > 0:
        raise ValueError("nothing is sold")
    count = len(firms)
    a, rhs = np.zeros((count + 1, count + 1)), np.zeros(count + 1)
    a[count, :count], a[count, count], rhs[count] = 1.0, 1.0, gap  # margins, then slope · quantity
    for i, n in enumerate(firms):
        a[i, i] = n
        a[i, i + 1 : count + 1] = -1.0  # a margin is what lies after it, over n
    solved = np.linalg.solve(a, rhs) if np.isfinite(firms).all() else None
    if solved is None:
        keep = [i for i, n in enumerate(firms) if np.isfinite(n)]
        inner = chain_profit_usd(
            intercept_usd,
            slope_usd,
            [np.sum(costs_usd)] + [0.0] * (len(keep) - 1),
            [firms[i] for i in keep],
        )
        out = np.zeros(count)
        out[keep] = inner
        return out
    return solved[:count] * solved[count] / slope_usd

# /// alternative
# cell = "optimal_for_inference"
# why = "two grids, the second around the best of the first"
# ///
import numpy as np


def optimal_for_inference(law, loss, served):
    room = loss - law.E
    if room <= 0:
        raise ValueError("no model goes there")
    smallest = (law.A / room) ** (1 / law.alpha)
    low, high = smallest * (1 + 1e-6), 1e3 * smallest
    for _ in range(6):
        n = np.geomspace(low, high, 2001)
        d = (law.B / (room - law.A / n**law.alpha)) ** (1 / law.beta)
        i = int(np.argmin(6 * n * d + 2 * n * served))
        low, high = n[max(i - 2, 0)], n[min(i + 2, 2000)]
    return float(n[i]), float(d[i])

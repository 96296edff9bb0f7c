# /// mutant
# cell = "optimal_for_inference"
# loses = ["test_optimal_for_inference"]
# misconception = "a handful of sizes is enough"
# message = "N for"
# ///
import numpy as np


def optimal_for_inference(law, loss, served):
    room = loss - law.E
    if room <= 0:
        raise ValueError("below the entropy")
    params = (law.A / room) ** (1 / law.alpha) * np.geomspace(1.02, 50, 60)
    tokens = (law.B / (room - law.A / params**law.alpha)) ** (1 / law.beta)
    best = np.argmin(6 * params * tokens + 2 * params * served)
    return float(params[best]), float(tokens[best])

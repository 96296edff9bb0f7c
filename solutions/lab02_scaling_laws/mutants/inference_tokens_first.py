# /// mutant
# cell = "optimal_for_inference"
# loses = ["test_optimal_for_inference"]
# misconception = "D comes before N"
# message = "the more is served, the smaller"
# ///
import math

from scipy.optimize import minimize_scalar


def optimal_for_inference(law, loss, served):
    room = loss - law.E
    if room <= 0:
        raise ValueError("below the entropy")
    smallest = math.log(law.A / room) / law.alpha

    def tokens_for(log_n):
        return (law.B / (room - law.A * math.exp(-law.alpha * log_n))) ** (1 / law.beta)

    def log_flop(log_n):
        return log_n + math.log(6 * tokens_for(log_n) + 2 * served)

    found = minimize_scalar(
        log_flop, bounds=(smallest + 1e-9, smallest + 20), method="bounded", options={"xatol": 1e-9}
    )
    return tokens_for(found.x), math.exp(found.x)

# /// alternative
# cell = "huber_lse_objective"
# why = "plain Python, run by run"
# ///
import math


def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    total = 0.0
    for n, d, measured in zip(params, tokens, loss):
        terms = [theta[0], theta[1] - theta[3] * math.log(n), theta[2] - theta[4] * math.log(d)]
        top = max(terms)
        r = top + math.log(sum(math.exp(t - top) for t in terms)) - math.log(measured)
        total += r * r / 2 if abs(r) < delta else delta * (abs(r) - delta / 2)
    return total

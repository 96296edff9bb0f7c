# /// alternative
# cell = "params_exponent"
# why = "NumPy's Polynomial, the bounded search with its own tolerance, arrays for pairs"
# ///
def params_exponent(flop, params, loss):
    from numpy.polynomial import Polynomial

    flop, params, loss = map(np.asarray, (flop, params, loss))
    bottoms = {}
    for budget in sorted(set(flop.tolist())):
        x = np.log(params[flop == budget])
        valley = Polynomial.fit(x, loss[flop == budget], 2)
        slope = valley.deriv()
        upwards = slope(x.max()) > 0 > slope(x.min())
        if not upwards:
            raise ValueError(f"the runs of {budget:g} FLOP have no bottom between their ends")
        bottoms[math.log(budget)] = slope.roots()[0]
    line = Polynomial.fit(list(bottoms), list(bottoms.values()), 1)
    return line.convert().coef[1]


# %% optimal_for_inference
from scipy.optimize import minimize_scalar


def optimal_for_inference(law, loss, served):
    room = loss - law.E
    if room <= 0:
        raise ValueError("a loss at or below E cannot be reached")
    smallest = (law.A / room) ** (1 / law.alpha)

    def text(n):
        return (law.B / (room - law.A / n**law.alpha)) ** (1 / law.beta)

    def flop(log_n):
        n = math.exp(log_n)
        return 6 * n * text(n) + 2 * n * served

    low = math.log(smallest)
    n = math.exp(minimize_scalar(flop, bounds=(low + 1e-6, low + 10), method="bounded").x)
    return np.array([n, text(n)])


# %% lifetime_flop
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    return np.array([6 * params * (tokens + kept * rollouts), 2 * params * (served + rollouts)])


# %% huber_lse_objective
def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    e, a, b = np.exp(theta[:3])
    r = np.abs(np.log((e + a / params ** theta[3] + b / tokens ** theta[4]) / loss))
    inside = np.minimum(r, delta)
    return np.sum(inside * (r - inside / 2))

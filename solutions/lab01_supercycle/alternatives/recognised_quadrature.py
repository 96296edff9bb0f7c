# /// alternative
# cell = "recognised_usd"
# why = "the integral done by SciPy"
# ///
from scipy.integrate import quad


def recognised_usd(arr0, arr1):
    if min(arr0, arr1) <= 0:
        raise ValueError("a rate must be positive")
    growth = arr1 / arr0
    return arr0 * quad(lambda t: growth**t, 0.0, 1.0, epsabs=0, epsrel=1e-10)[0]

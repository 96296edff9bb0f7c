# /// alternative
# cell = "params_exponent"
# why = "centred parabolas by least squares, slope by covariance"
# ///
import numpy as np


def params_exponent(flop, params, loss):
    points = {}
    for c, n, measured in zip(flop, params, loss):
        points.setdefault(float(c), []).append((np.log(n), measured))
    x, y = [], []
    for c, valley in points.items():
        size, losses = np.array(valley).T
        middle = size.mean()
        terms = np.stack([np.ones_like(size), size - middle, (size - middle) ** 2], axis=1)
        _, b, a = np.linalg.lstsq(terms, losses, rcond=None)[0]
        if a <= 0:
            raise ValueError("a hill")
        at = middle - b / (2 * a)
        if at < size.min() or at > size.max():
            raise ValueError("outside")
        x.append(np.log(c))
        y.append(at)
    x, y = np.array(x), np.array(y)
    return float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())

# /// alternative
# cell = "prefill_flop"
# why = "adds up the tokens one by one, fractions of a token included"
# ///
import numpy as np


def prefill_flop(model, new, cached=0):
    seen = cached + np.arange(1, int(new) + 1)
    weights = 2.0 * model.matmul_params * int(new)
    whole = weights + 4.0 * model.layers * model.heads * model.head_dim * seen.sum()
    rest = new - int(new)
    return float(whole + rest * (2 * model.matmul_params))

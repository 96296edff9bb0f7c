# /// alternative
# cell = "huber_lse_objective"
# why = "SciPy's own Huber loss, laws by exponentials"
# ///
import numpy as np
from scipy import special


def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    E, A, B = np.exp(theta[:3])
    law = E + A * np.asarray(params) ** -theta[3] + B * np.asarray(tokens) ** -theta[4]
    return special.huber(delta, np.log(law / loss)).sum()

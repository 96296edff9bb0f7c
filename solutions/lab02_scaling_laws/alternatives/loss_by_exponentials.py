# /// alternative
# cell = "loss_nats"
# why = "powers by exponentials of logarithms"
# ///
import numpy as np


def loss_nats(law, params, tokens):
    weights = np.exp(np.log(law.A) - law.alpha * np.log(params))
    text = np.exp(np.log(law.B) - law.beta * np.log(tokens))
    return (law.E + weights + text)[()]

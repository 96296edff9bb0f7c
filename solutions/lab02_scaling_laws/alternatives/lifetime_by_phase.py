# /// alternative
# cell = "lifetime_flop"
# why = "phase by phase"
# ///
import numpy as np


def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    forward, backward = 2 * params, 4 * params
    training = (forward + backward) * tokens + (forward + backward) * kept * rollouts
    inference = forward * rollouts
    inference += forward * served
    return np.array([training, inference])

# /// mutant
# cell = "loss_nats"
# loses = ["test_loss_nats"]
# misconception = "only the scarcer of the two counts"
# message = "the two shortages add"
# ///
import numpy as np


def loss_nats(law, params, tokens):
    return law.E + np.maximum(law.A / params**law.alpha, law.B / tokens**law.beta)

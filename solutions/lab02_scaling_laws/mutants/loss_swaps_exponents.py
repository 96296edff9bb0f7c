# /// mutant
# cell = "loss_nats"
# loses = ["test_loss_nats"]
# misconception = "alpha belongs to the tokens"
# message = "alpha belongs to the weights"
# ///
def loss_nats(law, params, tokens):
    return law.E + law.A / params**law.beta + law.B / tokens**law.alpha

# /// mutant
# cell = "loss_nats"
# loses = ["test_loss_nats"]
# misconception = "with enough of both the loss vanishes"
# message = "leave the entropy E"
# ///
def loss_nats(law, params, tokens):
    return law.A / params**law.alpha + law.B / tokens**law.beta

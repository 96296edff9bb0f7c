# /// mutant
# cell = "loss_nats"
# loses = ["test_loss_nats"]
# misconception = "the shortages multiply"
# message = "an endless model still lacks text"
# ///
def loss_nats(law, params, tokens):
    return law.E + (law.A / params**law.alpha) * (law.B / tokens**law.beta)

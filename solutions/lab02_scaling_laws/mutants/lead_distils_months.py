# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "distillation shortens the delay"
# message = "a share of the nats, not of the months"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = flop / growth_per_year ** ((1 - distilled) * months / 12)
    return best_loss(behind) - best_loss(flop)

# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "distillation gives back compute instead of loss"
# message = "not of the compute"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = flop / growth_per_year ** (months / 12)
    caught_up = behind + distilled * (flop - behind)
    return best_loss(caught_up) - best_loss(flop)

# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "growth is per month"
# message = "growth is per year"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = flop / growth_per_year**months
    return (1 - distilled) * (best_loss(behind) - best_loss(flop))

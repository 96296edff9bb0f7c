# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "growth adds up month by month"
# message = "growth compounds"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = flop / (1 + (growth_per_year - 1) * months / 12)
    return (1 - distilled) * (best_loss(behind) - best_loss(flop))

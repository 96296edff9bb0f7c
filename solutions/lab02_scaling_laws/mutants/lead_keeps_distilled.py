# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "distilled is what remains"
# message = "perfect distillation closes the gap"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    behind = flop / growth_per_year ** (months / 12)
    gap = best_loss(behind) - best_loss(flop)
    return distilled * gap if distilled else gap

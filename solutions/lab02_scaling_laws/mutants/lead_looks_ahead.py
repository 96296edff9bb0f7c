# /// mutant
# cell = "lead_loss_nats"
# loses = ["test_lead_loss_nats"]
# misconception = "the leader of then against the leader of now"
# message = "the follower has less compute"
# ///
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    ahead = flop * growth_per_year ** (months / 12)
    return (1 - distilled) * (best_loss(flop) - best_loss(ahead))

# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "all of reinforcement learning is booked as training"
# message = "rollouts"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    learning = 6 * params * tokens + 2 * params * rollouts + 6 * params * rollouts * kept
    return learning, 2 * params * served

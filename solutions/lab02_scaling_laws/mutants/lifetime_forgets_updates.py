# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "reinforcement learning is inference only"
# message = "trained on the rollouts it keeps"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    return 6 * params * tokens, 2 * params * (served + rollouts)

# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "each kept rollout is paid for eight times over, writing included"
# message = "writing the rollouts is inference, training"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    training = 6 * params * tokens + 8 * params * rollouts * kept
    return training, 2 * params * (served + rollouts)

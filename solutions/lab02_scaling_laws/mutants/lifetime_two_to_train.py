# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "training costs one forward pass"
# message = "forward and backward"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    return 2 * params * (tokens + kept * rollouts), 2 * params * (served + rollouts)

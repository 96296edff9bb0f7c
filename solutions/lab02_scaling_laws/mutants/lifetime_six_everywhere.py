# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "serving costs as much as training"
# message = "two FLOP per weight and token"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    return 6 * params * (tokens + kept * rollouts), 6 * params * (served + rollouts)

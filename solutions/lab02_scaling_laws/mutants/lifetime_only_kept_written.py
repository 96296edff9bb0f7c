# /// mutant
# cell = "lifetime_flop"
# loses = ["test_lifetime_flop"]
# misconception = "rollouts thrown away cost nothing"
# message = "whether they are kept or not"
# ///
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    return 6 * params * (tokens + kept * rollouts), 2 * params * (served + kept * rollouts)

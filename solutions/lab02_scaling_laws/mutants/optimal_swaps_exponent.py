# /// mutant
# cell = "optimal_n_d"
# loses = ["test_optimal_n_d"]
# misconception = "N grows with its own exponent"
# message = "the exponent of the other shortage"
# ///
def optimal_n_d(law, flop):
    both = law.alpha + law.beta
    ratio = law.alpha * law.A / (law.beta * law.B)
    params = ratio ** (1 / both) * (flop / 6) ** (law.alpha / both)
    return params, flop / (6 * params)

# /// mutant
# cell = "optimal_n_d"
# loses = ["test_optimal_n_d"]
# misconception = "a budget buys N times D"
# message = "six FLOP per weight and token"
# ///
def optimal_n_d(law, flop):
    both = law.alpha + law.beta
    ratio = law.alpha * law.A / (law.beta * law.B)
    params = ratio ** (1 / both) * flop ** (law.beta / both)
    return params, flop / params

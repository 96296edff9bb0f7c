# /// mutant
# cell = "optimal_n_d"
# loses = ["test_optimal_n_d"]
# misconception = "at the optimum both shortages are equal"
# message = "brings down the exponents"
# ///
def optimal_n_d(law, flop):
    both = law.alpha + law.beta
    params = (law.A / law.B) ** (1 / both) * (flop / 6) ** (law.beta / both)
    return params, flop / (6 * params)

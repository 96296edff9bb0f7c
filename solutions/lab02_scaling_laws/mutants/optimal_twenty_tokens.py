# /// mutant
# cell = "optimal_n_d"
# loses = ["test_optimal_n_d"]
# misconception = "twenty tokens a weight, always"
# message = "the scarcer the text"
# ///
def optimal_n_d(law, flop):
    params = (flop / 120) ** 0.5
    return params, 20 * params

# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "two FLOPs a parameter are all there is"
# message = "a longer past costs more"
# ///
def prefill_flop(model, new, cached=0):
    return 2 * model.matmul_params * new

# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "a token does not look at itself"
# message = "looks only at itself"
# ///
def prefill_flop(model, new, cached=0):
    pairs = new * cached + new * (new - 1) / 2
    return 2 * model.matmul_params * new + 4 * model.layers * model.heads * model.head_dim * pairs

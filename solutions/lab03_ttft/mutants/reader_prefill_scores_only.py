# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "only the scores are counted, not the values that are added up"
# message = "values"
# ///
def prefill_flop(model, new, cached=0):
    pairs = new * cached + new * (new + 1) / 2
    scores = 2 * model.layers * model.heads * model.head_dim * pairs
    return 2 * model.matmul_params * new + scores

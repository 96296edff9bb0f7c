# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "the whole square is computed, as if there were no causal mask"
# message = "two chunks cost what the cold prompt costs"
# ///
def prefill_flop(model, new, cached=0):
    pairs = new * (cached + new)
    return 2 * model.matmul_params * new + 4 * model.layers * model.heads * model.head_dim * pairs

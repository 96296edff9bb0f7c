# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "key-value heads do the attention's work"
# message = "query heads do the work"
# ///
def prefill_flop(model, new, cached=0):
    pairs = new * cached + new * (new + 1) / 2
    return (
        2 * model.matmul_params * new + 4 * model.layers * model.kv_heads * model.head_dim * pairs
    )

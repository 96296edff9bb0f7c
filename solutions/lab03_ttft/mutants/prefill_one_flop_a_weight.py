# /// mutant
# cell = "prefill_flop"
# loses = ["test_prefill_flop"]
# misconception = "a multiply-add is one operation"
# message = "a multiply and an add are two FLOPs"
# ///
def prefill_flop(model, new, cached=0):
    pairs = new * cached + new * (new + 1) / 2
    return model.matmul_params * new + 2 * model.layers * model.heads * model.head_dim * pairs

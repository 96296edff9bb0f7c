# /// mutant
# cell = "kv_bytes_per_token"
# loses = ["test_kv_bytes_per_token"]
# misconception = "every query head keeps its own keys and values"
# message = "query heads counted"
# ///
def kv_bytes_per_token(model, bits=16):
    return 2 * model.layers * model.heads * model.head_dim * bits / 8

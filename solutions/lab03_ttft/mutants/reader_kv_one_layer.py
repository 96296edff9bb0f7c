# /// mutant
# cell = "kv_bytes_per_token"
# loses = ["test_kv_bytes_per_token"]
# misconception = "the layers are forgotten"
# message = "layer"
# ///
def kv_bytes_per_token(model, bits=16):
    return 2 * model.kv_heads * model.head_dim * bits / 8

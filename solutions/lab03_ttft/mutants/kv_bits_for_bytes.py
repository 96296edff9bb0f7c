# /// mutant
# cell = "kv_bytes_per_token"
# loses = ["test_kv_bytes_per_token"]
# misconception = "bits are bytes"
# message = "bits where bytes"
# ///
def kv_bytes_per_token(model, bits=16):
    return 2 * model.layers * model.kv_heads * model.head_dim * bits

# /// mutant
# cell = "kv_bytes_per_token"
# loses = ["test_kv_bytes_per_token"]
# misconception = "only keys are kept"
# message = "keys and values are both kept"
# ///
def kv_bytes_per_token(model, bits=16):
    return model.layers * model.kv_heads * model.head_dim * bits / 8

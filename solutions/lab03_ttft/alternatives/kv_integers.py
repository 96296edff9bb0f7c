# /// alternative
# cell = "kv_bytes_per_token"
# why = "stays in whole numbers, layer by layer"
# ///
def kv_bytes_per_token(model, bits=16):
    total_bits = 0
    for _ in range(model.layers):
        total_bits += model.kv_heads * model.head_dim * bits  # keys
        total_bits += model.kv_heads * model.head_dim * bits  # values
    return total_bits / 8

# /// mutant
# cell = "decode_s_per_token"
# loses = ["test_decode_s_per_token"]
# misconception = "the batch shares one cache"
# message = "a larger batch takes longer"
# ///
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    return (weight_bytes + context_tokens * kv_bytes_per_token) / bandwidth_bytes_per_s

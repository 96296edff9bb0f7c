# /// mutant
# cell = "decode_s_per_token"
# loses = ["test_decode_s_per_token"]
# misconception = "each sequence reads the weights anew"
# message = "the batch rides for free"
# ///
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    return batch * (weight_bytes + context_tokens * kv_bytes_per_token) / bandwidth_bytes_per_s

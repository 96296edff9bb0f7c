# /// mutant
# cell = "decode_s_per_token"
# loses = ["test_decode_s_per_token"]
# misconception = "a step's time is shared out among the batch"
# message = "a larger batch takes longer"
# ///
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    return (
        (weight_bytes + batch * context_tokens * kv_bytes_per_token) / bandwidth_bytes_per_s / batch
    )

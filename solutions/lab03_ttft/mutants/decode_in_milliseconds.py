# /// mutant
# cell = "decode_s_per_token"
# loses = ["test_decode_s_per_token"]
# misconception = "the answer is in milliseconds"
# message = "implausibly too large in s"
# ///
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    return (
        1e3 * (weight_bytes + batch * context_tokens * kv_bytes_per_token) / bandwidth_bytes_per_s
    )

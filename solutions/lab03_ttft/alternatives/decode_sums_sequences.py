# /// alternative
# cell = "decode_s_per_token"
# why = "reads one thing after the other"
# ///
def decode_s_per_token(
    weight_bytes, kv_bytes_per_token, bandwidth_bytes_per_s, batch=1, context_tokens=0
):
    seconds = weight_bytes / bandwidth_bytes_per_s
    for _ in range(int(batch)):
        seconds += context_tokens * kv_bytes_per_token / bandwidth_bytes_per_s
    return seconds

# /// mutant
# cell = "reload_break_even_bytes_per_s"
# loses = ["test_reload_break_even_bytes_per_s"]
# misconception = "the first byte comes at once"
# message = "no bandwidth is enough"
# ///


def reload_break_even_bytes_per_s(
    tokens,
    kv_bytes_per_token,
    flop_per_token,
    flops_per_s,
    attention_flop_per_token2=0.0,
    latency_s=0.0,
):
    compute_s = (flop_per_token * tokens + attention_flop_per_token2 * tokens**2) / flops_per_s
    return tokens * kv_bytes_per_token / compute_s

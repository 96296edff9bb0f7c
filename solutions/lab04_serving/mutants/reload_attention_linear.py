# /// mutant
# cell = "reload_break_even_bytes_per_s"
# loses = ["test_reload_break_even_bytes_per_s"]
# misconception = "attention costs the same for each token"
# message = "with attention a longer context"
# ///
import math


def reload_break_even_bytes_per_s(
    tokens,
    kv_bytes_per_token,
    flop_per_token,
    flops_per_s,
    attention_flop_per_token2=0.0,
    latency_s=0.0,
):
    compute_s = (flop_per_token + attention_flop_per_token2) * tokens / flops_per_s
    if compute_s <= latency_s:
        return math.inf
    return tokens * kv_bytes_per_token / (compute_s - latency_s)

# /// alternative
# cell = "reload_break_even_bytes_per_s"
# why = "tokens a second times bytes a token"
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
    work = tokens * (flop_per_token + attention_flop_per_token2 * tokens)
    left_s = work / flops_per_s - latency_s
    return kv_bytes_per_token * (tokens / left_s) if left_s > 0 else math.inf

# /// mutant
# cell = "reload_break_even_bytes_per_s"
# loses = ["test_reload_break_even_bytes_per_s"]
# misconception = "a latency that just equals the computing divides by zero"
# message = "no bandwidth is enough"
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
    again_s = (flop_per_token * tokens + attention_flop_per_token2 * tokens**2) / flops_per_s
    if latency_s > again_s:
        return math.inf
    return tokens * kv_bytes_per_token / (again_s - latency_s)

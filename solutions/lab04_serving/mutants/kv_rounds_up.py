# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "the last request squeezes in"
# message = "round down at the end"
# ///
import math


def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    pages = math.ceil(tokens / page_tokens)
    room = memory_bytes - weight_bytes
    return max(0, math.ceil(room / (pages * page_tokens * kv_bytes_per_token)))

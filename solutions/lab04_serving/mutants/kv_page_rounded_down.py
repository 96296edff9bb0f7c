# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "the last page that is begun is free"
# message = "a page that is begun is taken"
# ///
import math


def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    pages = max(1, math.floor(tokens / page_tokens))
    room = memory_bytes - weight_bytes
    return max(0, math.floor(room / (pages * page_tokens * kv_bytes_per_token)))

# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "a request takes exactly its tokens"
# message = "two tokens take the page"
# ///
import math


def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    return max(0, math.floor((memory_bytes - weight_bytes) / (tokens * kv_bytes_per_token)))

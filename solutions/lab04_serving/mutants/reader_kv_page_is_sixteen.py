# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "pages of 16 tokens, whatever page_tokens says"
# message = "in pages of 256"
# ///
import math


def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    rounded = math.ceil(tokens / 16) * 16
    return max(0, int((memory_bytes - weight_bytes) // (rounded * kv_bytes_per_token)))

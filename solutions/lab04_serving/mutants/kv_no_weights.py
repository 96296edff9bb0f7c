# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "the whole memory is cache"
# message = "weights take their part"
# ///
import math


def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    if weight_bytes >= memory_bytes:
        return 0
    pages = math.ceil(tokens / page_tokens)
    return math.floor(memory_bytes / (pages * page_tokens * kv_bytes_per_token))

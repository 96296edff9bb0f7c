# /// mutant
# cell = "kv_slots_count"
# loses = ["test_kv_slots_count"]
# misconception = "a request that ends exactly with a page is given one page more"
# message = "exactly two pages each"
# ///
def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    pages = tokens // page_tokens + 1
    free_bytes = memory_bytes - weight_bytes
    return max(0, int(free_bytes // (pages * page_tokens * kv_bytes_per_token)))

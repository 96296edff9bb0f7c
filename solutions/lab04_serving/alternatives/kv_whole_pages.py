# /// alternative
# cell = "kv_slots_count"
# why = "counts pages in whole numbers"
# ///
def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    if weight_bytes >= memory_bytes:
        return 0
    pages_each = -(-tokens // page_tokens)
    return int((memory_bytes - weight_bytes) // (page_tokens * kv_bytes_per_token * pages_each))

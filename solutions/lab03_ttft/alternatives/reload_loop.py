# /// alternative
# cell = "kv_reload_s"
# why = "plain Python, no NumPy"
# ///
def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    try:
        tiers = list(zip(tokens, link_bytes_per_s))
    except TypeError:  # one tier, given as plain numbers
        tiers = [(tokens, link_bytes_per_s)]
    total = 0.0
    for count, link in tiers:
        total += count * kv_bytes_per_token / link
    return total

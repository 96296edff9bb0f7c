# /// mutant
# cell = "kv_reload_s"
# loses = ["test_kv_reload_s"]
# misconception = "all tokens at the mean bandwidth of the tiers"
# message = "tier"
# ///
def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    return np.sum(tokens) * kv_bytes_per_token / np.mean(link_bytes_per_s)

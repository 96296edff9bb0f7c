# /// mutant
# cell = "kv_reload_s"
# loses = ["test_kv_reload_s"]
# misconception = "bandwidths of tiers add up"
# message = "two halves over the same link"
# ///
import numpy as np


def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    return float(np.sum(tokens) * kv_bytes_per_token / np.sum(link_bytes_per_s))

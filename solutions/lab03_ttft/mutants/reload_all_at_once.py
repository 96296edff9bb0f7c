# /// mutant
# cell = "kv_reload_s"
# loses = ["test_kv_reload_s"]
# misconception = "all tiers are read at the same time"
# message = "two halves over the same link"
# ///
import numpy as np


def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    return float(np.max(np.asarray(tokens) * kv_bytes_per_token / np.asarray(link_bytes_per_s)))

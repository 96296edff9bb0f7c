# /// mutant
# cell = "kv_reload_s"
# loses = ["test_kv_reload_s"]
# misconception = "link bandwidths are given in bits"
# message = "bytes per second already"
# ///
import numpy as np


def kv_reload_s(tokens, kv_bytes_per_token, link_bytes_per_s):
    return float(np.sum(8 * np.asarray(tokens) * kv_bytes_per_token / np.asarray(link_bytes_per_s)))

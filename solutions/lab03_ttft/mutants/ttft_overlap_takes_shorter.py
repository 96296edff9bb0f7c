# /// mutant
# cell = "ttft_s"
# loses = ["test_ttft_s"]
# misconception = "overlapped, the shorter of the two counts"
# message = "overlapping saves nothing"
# ///
def ttft_s(other_s, reload_s, prefill_flop, flops_per_s, decode_s, overlapped=False):
    compute_s = prefill_flop / flops_per_s
    model_s = min(reload_s, compute_s) if overlapped else reload_s + compute_s
    return sum(other_s.values()) + model_s + decode_s

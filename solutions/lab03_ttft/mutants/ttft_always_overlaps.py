# /// mutant
# cell = "ttft_s"
# loses = ["test_ttft_s"]
# misconception = "paging is always hidden behind computing"
# message = "more to compute takes longer"
# ///
def ttft_s(other_s, reload_s, prefill_flop, flops_per_s, decode_s, overlapped=False):
    return sum(other_s.values()) + max(reload_s, prefill_flop / flops_per_s) + decode_s

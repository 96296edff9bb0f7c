# /// mutant
# cell = "ttft_s"
# loses = ["test_ttft_s"]
# misconception = "the prompt's last position already is the first token"
# message = "the first token needs a decode step"
# ///
def ttft_s(other_s, reload_s, prefill_flop, flops_per_s, decode_s, overlapped=False):
    compute_s = prefill_flop / flops_per_s
    model_s = max(reload_s, compute_s) if overlapped else reload_s + compute_s
    return sum(other_s.values()) + model_s

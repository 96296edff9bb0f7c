# /// mutant
# cell = "required_hit_rate"
# loses = ["test_required_hit_rate"]
# misconception = "a full hit always is fast enough"
# message = "no cache can keep"
# ///
def required_hit_rate(ttft_at, target_s):
    if ttft_at(0.0) <= target_s:
        return 0.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if ttft_at(middle) <= target_s else (middle, high)
    return high

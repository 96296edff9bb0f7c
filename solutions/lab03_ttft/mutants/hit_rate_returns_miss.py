# /// mutant
# cell = "required_hit_rate"
# loses = ["test_required_hit_rate"]
# misconception = "the share that may be new is asked for"
# message = "a generous promise needs no cache"
# ///
def required_hit_rate(ttft_at, target_s):
    if ttft_at(0.0) <= target_s:
        return 1.0
    if ttft_at(1.0) > target_s:
        raise ValueError("too slow")
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if ttft_at(middle) <= target_s else (middle, high)
    return 1 - high

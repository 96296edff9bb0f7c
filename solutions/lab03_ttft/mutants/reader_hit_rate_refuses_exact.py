# /// mutant
# cell = "required_hit_rate"
# loses = ["test_required_hit_rate"]
# misconception = "a full hit that is exactly fast enough is refused"
# message = "nothing to refuse"
# ///
def required_hit_rate(ttft_at, target_s):
    if ttft_at(1.0) >= target_s:
        raise ValueError("even a full hit is too slow")
    low, high = 0.0, 1.0
    if ttft_at(low) <= target_s:
        return 0.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if ttft_at(middle) <= target_s:
            high = middle
        else:
            low = middle
    return high

# /// mutant
# cell = "required_hit_rate"
# loses = ["test_required_hit_rate"]
# misconception = "the wait falls in a straight line"
# message = "a linear and a quadratic part"
# ///
def required_hit_rate(ttft_at, target_s):
    cold, full = ttft_at(0.0), ttft_at(1.0)
    if cold <= target_s:
        return 0.0
    if full > target_s:
        raise ValueError("too slow")
    return (cold - target_s) / (cold - full)

# /// mutant
# cell = "required_hit_rate"
# loses = ["test_required_hit_rate"]
# misconception = "a per cent is precise enough"
# message = "a linear and a quadratic part"
# ///
def required_hit_rate(ttft_at, target_s):
    for per_cent in range(101):
        if ttft_at(per_cent / 100) <= target_s:
            return per_cent / 100
    raise ValueError("too slow")

# /// mutant
# cell = "goodput_daly_share"
# loses = ["test_goodput_daly_share"]
# misconception = "a restart takes no time"
# message = "slower restarts keep less"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if mtbi_s <= 0:
        raise ValueError("mtbi_s must be positive")
    if math.isinf(mtbi_s):
        return interval_s / (interval_s + checkpoint_s)
    return interval_s / (mtbi_s * math.expm1((interval_s + checkpoint_s) / mtbi_s))

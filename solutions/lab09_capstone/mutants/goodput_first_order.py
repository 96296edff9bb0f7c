# /// mutant
# cell = "goodput_daly_share"
# loses = ["test_goodput_daly_share"]
# misconception = "at most one failure strikes in an interval"
# message = "sum to first order is not enough"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if mtbi_s <= 0:
        raise ValueError("mtbi_s must be positive")
    if math.isinf(mtbi_s):
        return interval_s / (interval_s + checkpoint_s)
    lost = (restart_s + (interval_s + checkpoint_s) / 2) / mtbi_s
    return max(interval_s / (interval_s + checkpoint_s) * (1 - lost), 0.0)

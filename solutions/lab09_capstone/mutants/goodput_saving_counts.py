# /// mutant
# cell = "goodput_daly_share"
# loses = ["test_goodput_daly_share"]
# misconception = "saving is work, too"
# message = "only the interval counts"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if mtbi_s <= 0:
        raise ValueError("mtbi_s must be positive")
    if math.isinf(mtbi_s):
        return interval_s / (interval_s + checkpoint_s)
    whole = interval_s + checkpoint_s
    return whole / (mtbi_s * math.exp(restart_s / mtbi_s) * math.expm1(whole / mtbi_s))

# /// mutant
# cell = "goodput_daly_share"
# loses = ["test_goodput_daly_share"]
# misconception = "machines that never fail keep all of their time"
# message = "stop to save"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if mtbi_s <= 0:
        raise ValueError("mtbi_s must be positive")
    if math.isinf(mtbi_s):
        return 1.0
    stretch = math.expm1((interval_s + checkpoint_s) / mtbi_s)
    return interval_s / (mtbi_s * math.exp(restart_s / mtbi_s) * stretch)

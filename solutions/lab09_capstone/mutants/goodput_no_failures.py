# /// mutant
# cell = "goodput_daly_share"
# loses = ["test_goodput_daly_share"]
# misconception = "only saving costs time"
# message = "rarer failures keep more"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if mtbi_s <= 0:
        raise ValueError("mtbi_s must be positive")
    return interval_s / (interval_s + checkpoint_s)

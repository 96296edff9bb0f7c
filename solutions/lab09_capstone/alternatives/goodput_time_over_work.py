# /// alternative
# cell = "goodput_daly_share"
# why = "expected time of an interval first, powers instead of expm1"
# ///
def goodput_daly_share(interval_s, checkpoint_s, restart_s, mtbi_s):
    if not mtbi_s > 0:
        raise ValueError("failures without a pause leave nothing")
    if mtbi_s == float("inf"):
        time_s = interval_s + checkpoint_s
    else:
        grown = math.e ** ((interval_s + checkpoint_s + restart_s) / mtbi_s)
        time_s = mtbi_s * (grown - math.e ** (restart_s / mtbi_s))
    return interval_s / time_s

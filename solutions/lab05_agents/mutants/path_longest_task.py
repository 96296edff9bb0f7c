# /// mutant
# cell = "critical_path_s"
# loses = ["test_critical_path_s"]
# misconception = "the longest task is the whole"
# message = "in a chain, every second counts"
# ///
def critical_path_s(before, time_s):
    finish_s = {}
    while len(finish_s) < len(before):
        ready = [t for t in before if t not in finish_s and all(b in finish_s for b in before[t])]
        if not ready:
            raise ValueError("a circle")
        finish_s |= {t: time_s[t] for t in ready}
    return max(finish_s.values())

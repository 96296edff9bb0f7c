# /// mutant
# cell = "critical_path_s"
# loses = ["test_critical_path_s"]
# misconception = "tasks in a circle are left out"
# message = "a circle should raise ValueError"
# ///
def critical_path_s(before, time_s):
    finish_s = {}
    while len(finish_s) < len(before):
        ready = [t for t in before if t not in finish_s and all(b in finish_s for b in before[t])]
        if not ready:
            break
        for task in ready:
            finish_s[task] = time_s[task] + max((finish_s[b] for b in before[task]), default=0.0)
    return max(finish_s.values(), default=0.0)

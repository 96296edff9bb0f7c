# /// mutant
# cell = "critical_path_s"
# loses = ["test_critical_path_s"]
# misconception = "every task adds its time"
# message = "do not wait for each other run side by side"
# ///
def critical_path_s(before, time_s):
    finish_s = {}
    while len(finish_s) < len(before):
        ready = [t for t in before if t not in finish_s and all(b in finish_s for b in before[t])]
        if not ready:
            raise ValueError("a circle")
        for task in ready:
            finish_s[task] = time_s[task]
    return sum(finish_s.values())

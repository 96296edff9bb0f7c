# /// mutant
# cell = "critical_path_s"
# loses = ["test_critical_path_s"]
# misconception = "a task that is reached a second time closes a circle"
# message = "not a circle"
# ///
def critical_path_s(before, time_s):
    def finish_s(task, seen):
        if task in seen:
            raise ValueError(f"{task} waits for itself")
        seen.add(task)
        return time_s[task] + max((finish_s(b, seen) for b in before[task]), default=0.0)

    return max(finish_s(task, set()) for task in before)

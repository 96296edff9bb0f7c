# /// alternative
# cell = "critical_path_s"
# why = "looks backwards from every task, with a memory"
# ///
def critical_path_s(before, time_s):
    done, open_ = {}, set()

    def finish_s(task):
        if task in open_:
            raise ValueError(f"{task} waits for itself")
        if task not in done:
            open_.add(task)
            done[task] = time_s[task] + max(map(finish_s, before[task]), default=0.0)
            open_.remove(task)
        return done[task]

    return max(map(finish_s, before))

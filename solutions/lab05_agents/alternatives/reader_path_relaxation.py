# /// alternative
# cell = "critical_path_s"
# why = "lets ends grow until none does; in a circle they never stop"
# ///
def critical_path_s(before, time_s):
    end_s = {task: time_s[task] for task in before}
    for _ in range(len(before) + 1):
        later = {
            task: time_s[task] + max([0.0, *(end_s[b] for b in before[task])]) for task in before
        }
        if later == end_s:
            return max(end_s.values())
        end_s = later
    raise ValueError("the ends never settle: tasks wait for each other in a circle")

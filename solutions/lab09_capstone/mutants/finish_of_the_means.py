# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "the mean finish is the finish of the mean durations"
# message = "in each sample"
# ///
def finish_months(after, months):
    count = len(next(iter(months.values())))
    months = {task: np.full(count, np.mean(months[task])) for task in months}
    finish = {}
    while len(finish) < len(after):
        for task in after:
            if task not in finish and all(before in finish for before in after[task]):
                start = np.max([finish[b] for b in after[task]] or [0 * months[task]], axis=0)
                finish[task] = start + months[task]
    return np.max(list(finish.values()), axis=0)

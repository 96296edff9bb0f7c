# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "a task starts when the first of those before it is done"
# message = ""
# ///
def finish_months(after, months):
    finish = {}
    while len(finish) < len(after):
        for task in after:
            if task not in finish and all(before in finish for before in after[task]):
                start = np.min([finish[b] for b in after[task]] or [0 * months[task]], axis=0)
                finish[task] = start + months[task]
    return np.max(list(finish.values()), axis=0)

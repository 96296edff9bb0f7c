# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "the task listed last ends the project"
# message = "does not matter"
# ///
def finish_months(after, months):
    finish = {}
    while len(finish) < len(after):
        for task in after:
            if task not in finish and all(before in finish for before in after[task]):
                start = np.max([finish[b] for b in after[task]] or [0 * months[task]], axis=0)
                finish[task] = start + months[task]
    return finish[list(after)[-1]]

# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "all tasks come one after the other"
# message = "run side by side"
# ///
def finish_months(after, months):
    return np.sum(list(months.values()), axis=0)

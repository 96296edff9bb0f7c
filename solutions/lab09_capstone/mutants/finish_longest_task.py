# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "the longest task decides"
# message = "what everything waits for delays everything"
# ///
def finish_months(after, months):
    return np.max(list(months.values()), axis=0)

# /// mutant
# cell = "finish_months"
# loses = ["test_finish_months"]
# misconception = "the path that is the longest on average is the longest in every sample"
# message = "mean finish of a random project"
# ///
def finish_months(after, months):
    ends = {}

    def end(task):
        if task not in ends:
            before = [end(other) for other in after[task]]
            ends[task] = months[task] + (max(before, key=np.mean) if before else 0.0)
        return ends[task]

    return max((end(task) for task in after), key=np.mean)

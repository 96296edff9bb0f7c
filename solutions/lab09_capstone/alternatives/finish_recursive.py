# /// alternative
# cell = "finish_months"
# why = "recursion with a memory, NumPy maxima by reduce"
# ///
from functools import reduce


def finish_months(after, months):
    known = {}

    def end(task):
        if task not in known:
            before = [end(other) for other in after[task]]
            known[task] = months[task] + (reduce(np.maximum, before) if before else 0.0)
        return known[task]

    return reduce(np.maximum, [end(task) for task in after])

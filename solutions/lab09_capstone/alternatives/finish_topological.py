# /// alternative
# cell = "finish_months"
# why = "the order from the standard library, sample by sample"
# ///
from graphlib import TopologicalSorter


def finish_months(after, months):
    order = list(TopologicalSorter(after).static_order())
    ends = []
    for i in range(len(months[order[0]])):
        end = {}
        for task in order:
            end[task] = max((end[b] for b in after[task]), default=0.0) + months[task][i]
        ends.append(max(end.values()))
    return np.array(ends)

# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "the latency of the whole is the sum of the latencies of its tasks"
# message = "a placement of all tasks"
# ///
import itertools


def best_placement(cost_usd, latency_s, deadline_s):
    tasks = list(cost_usd)
    fits = []
    for machines in itertools.product(*(cost_usd[task] for task in tasks)):
        pairs = list(zip(tasks, machines, strict=True))
        if sum(latency_s({task: machine}) for task, machine in pairs) <= deadline_s:
            fits.append((sum(cost_usd[task][machine] for task, machine in pairs), dict(pairs)))
    if not fits:
        raise ValueError("nothing is quick enough")
    return min(fits, key=lambda fit: fit[0])[1]

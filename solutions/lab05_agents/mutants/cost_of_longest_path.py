# /// mutant
# cell = "graph_cost_usd"
# loses = ["test_graph_cost_usd"]
# misconception = "only the longest path is paid"
# message = "in a row or side by side"
# ///
def graph_cost_usd(before, cost_usd, runs):
    dearest = {}
    while len(dearest) < len(before):
        for task in before:
            if task not in dearest and all(b in dearest for b in before[task]):
                own = cost_usd[task] * runs.get(task, 1.0)
                dearest[task] = own + max((dearest[b] for b in before[task]), default=0.0)
    return max(dearest.values())

# /// mutant
# cell = "graph_cost_usd"
# loses = ["test_graph_cost_usd"]
# misconception = "a task that `runs` does not name never runs"
# message = "does not name runs once"
# ///
def graph_cost_usd(before, cost_usd, runs):
    return sum(cost_usd[task] * runs.get(task, 0.0) for task in before)

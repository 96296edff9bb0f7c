# /// mutant
# cell = "graph_cost_usd"
# loses = ["test_graph_cost_usd"]
# misconception = "all tasks run as often as the loop"
# message = "only the tasks of the loop run more than once"
# ///
def graph_cost_usd(before, cost_usd, runs):
    return sum(cost_usd[task] for task in before) * max(runs.values(), default=1.0)

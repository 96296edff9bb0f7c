# /// mutant
# cell = "graph_cost_usd"
# loses = ["test_graph_cost_usd"]
# misconception = "everything on the price list is bought"
# message = "names tasks that this graph does not have"
# ///
def graph_cost_usd(before, cost_usd, runs):
    return sum(usd * runs.get(task, 1.0) for task, usd in cost_usd.items())

# /// mutant
# cell = "graph_cost_usd"
# loses = ["test_graph_cost_usd"]
# misconception = "the loop is paid for once"
# message = "more rounds cost more"
# ///
def graph_cost_usd(before, cost_usd, runs):
    return sum(cost_usd[task] for task in before)

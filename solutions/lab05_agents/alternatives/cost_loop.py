# /// alternative
# cell = "graph_cost_usd"
# why = "a running total"
# ///
def graph_cost_usd(before, cost_usd, runs):
    total = 0.0
    for task in before:
        total += runs.get(task, 1) * cost_usd[task]
    return total

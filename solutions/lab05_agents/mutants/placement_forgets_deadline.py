# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "the cheapest will do"
# message = "takes longer than the deadline"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    return {task: min(row, key=row.get) for task, row in cost_usd.items()}

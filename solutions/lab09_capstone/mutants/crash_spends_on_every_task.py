# /// mutant
# cell = "crash_plan"
# loses = ["test_crash_plan"]
# misconception = "the budget holds for each task by itself"
# message = "costs more than the budget"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    return {
        task: min(months[task] - shortest_months[task], budget_usd / usd_per_month[task])
        for task in after
    }

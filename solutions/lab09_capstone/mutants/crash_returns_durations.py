# /// mutant
# cell = "crash_plan"
# loses = ["test_crash_plan"]
# misconception = "the answer is the new durations"
# message = "no task gets longer"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    return {task: months[task] for task in after}

# /// mutant
# cell = "crash_plan"
# loses = ["test_crash_plan"]
# misconception = "the cheapest months are bought first, wherever they are"
# message = "off the longest path"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    saved, left = {}, budget_usd
    for task in sorted(after, key=lambda task: usd_per_month[task]):
        saved[task] = min(months[task] - shortest_months[task], left / usd_per_month[task])
        left -= saved[task] * usd_per_month[task]
    return saved

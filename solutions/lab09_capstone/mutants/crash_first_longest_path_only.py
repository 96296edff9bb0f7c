# /// mutant
# cell = "crash_plan"
# loses = ["test_crash_plan"]
# misconception = "the longest path stays the longest"
# message = "shortened together"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    end, longest = {}, {}
    while len(end) < len(after):
        for task in after:
            if task not in end and all(before in end for before in after[task]):
                last = max(after[task], key=lambda before: end[before], default=None)
                longest[task] = [*longest.get(last, []), task]
                end[task] = months[task] + (end[last] if last else 0.0)
    path = longest[max(end, key=lambda task: end[task])]
    saved, left = dict.fromkeys(after, 0.0), budget_usd
    for task in sorted(path, key=lambda task: usd_per_month[task]):
        saved[task] = min(months[task] - shortest_months[task], left / usd_per_month[task])
        left -= saved[task] * usd_per_month[task]
    return saved

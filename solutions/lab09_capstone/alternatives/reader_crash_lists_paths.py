# /// alternative
# cell = "crash_plan"
# why = "one row for each whole path through the network; no starts at all"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    names = list(after)

    def paths(task):
        if not after[task]:
            return [[task]]
        return [[*path, task] for before in after[task] for path in paths(before)]

    every = [path for task in names for path in paths(task)]
    dearest = max(usd_per_month.values())
    rows = [[-1.0 * (name in path) for name in names] + [-1.0] for path in every]
    right = [-sum(months[name] for name in path) for path in every]
    rows.append([usd_per_month[name] / dearest for name in names] + [0.0])
    right.append(budget_usd / dearest)
    limits = [(0, months[name] - shortest_months[name]) for name in names] + [(0, None)]
    goal = [0.0] * len(names) + [1.0]
    found = linprog(goal, A_ub=rows, b_ub=right, bounds=limits).x
    return {name: float(saved) for name, saved in zip(names, found, strict=False)}

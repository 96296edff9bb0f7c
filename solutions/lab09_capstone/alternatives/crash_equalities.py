# /// alternative
# cell = "crash_plan"
# why = "starts and ends as variables, network built by names"
# ///
def crash_plan(after, months, shortest_months, usd_per_month, budget_usd):
    names = list(after)
    columns = [("start", t) for t in names] + [("saved", t) for t in names] + [("finish", "")]
    place = {column: i for i, column in enumerate(columns)}
    matrix, right = [], []

    def at_least(later, task):
        row = np.zeros(len(columns))
        row[place[later]] = -1.0
        row[place["start", task]] += 1.0
        row[place["saved", task]] = -1.0
        matrix.append(row)
        right.append(-months[task])

    for task in names:
        at_least(("finish", ""), task)
        for before in after[task]:
            at_least(("start", task), before)
    cost = np.zeros(len(columns))
    for task in names:
        cost[place["saved", task]] = usd_per_month[task] / 1e7
    matrix.append(cost)
    right.append(budget_usd / 1e7)
    goal = np.zeros(len(columns))
    goal[-1] = 1.0
    limits = [(0, None)] * len(names)
    limits += [(0, months[t] - shortest_months[t]) for t in names] + [(0, None)]
    found = linprog(goal, A_ub=np.array(matrix), b_ub=right, bounds=limits, method="highs").x
    return {
        task: min(max(found[place["saved", task]], 0.0), limits[len(names) + i][1])
        for i, task in enumerate(names)
    }

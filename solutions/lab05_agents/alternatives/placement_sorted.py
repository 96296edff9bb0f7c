# /// alternative
# cell = "best_placement"
# why = "tries placements from the cheapest up and stops at the first in time"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    tasks = list(cost_usd)
    every = [dict(zip(tasks, m, strict=True)) for m in itertools.product(*cost_usd.values())]
    every.sort(key=lambda p: sum(cost_usd[t][p[t]] for t in tasks))
    for placement in every:
        if latency_s(placement) <= deadline_s:
            return placement
    raise ValueError("no placement is in time")

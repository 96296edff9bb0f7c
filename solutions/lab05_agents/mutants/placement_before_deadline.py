# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "at the deadline is too late"
# message = "met to the second is met"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    every = [dict(zip(cost_usd, m, strict=True)) for m in itertools.product(*cost_usd.values())]
    fits = [p for p in every if latency_s(p) < deadline_s or math.isinf(deadline_s)]
    if not fits:  # then the quickest, if it is there in time
        quickest = min(every, key=latency_s)
        if latency_s(quickest) >= deadline_s:
            raise ValueError("too slow")
        return quickest
    return min(fits, key=lambda p: sum(cost_usd[t][m] for t, m in p.items()))

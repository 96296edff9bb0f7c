# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "if nothing is quick enough take the quickest"
# message = "a deadline that nothing meets should raise"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    every = [dict(zip(cost_usd, m, strict=True)) for m in itertools.product(*cost_usd.values())]
    fits = [p for p in every if latency_s(p) <= deadline_s]
    if not fits:
        return min(every, key=latency_s)
    return min(fits, key=lambda p: sum(cost_usd[t][m] for t, m in p.items()))

# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "the best placement is the quickest"
# message = "the quickest are not wanted for their own sake"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    every = [dict(zip(cost_usd, m, strict=True)) for m in itertools.product(*cost_usd.values())]
    best = min(every, key=latency_s)
    if latency_s(best) > deadline_s:
        raise ValueError("too slow")
    return best

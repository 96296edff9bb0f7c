# /// mutant
# cell = "best_placement"
# loses = ["test_best_placement"]
# misconception = "speed up whichever task costs least to move, one at a time"
# message = "the cheapest step first is not the cheapest way"
# ///
def best_placement(cost_usd, latency_s, deadline_s):
    placement = {task: min(row, key=row.get) for task, row in cost_usd.items()}
    while latency_s(placement) > deadline_s:
        steps = []
        for task, row in cost_usd.items():
            for machine in row:
                moved = placement | {task: machine}
                saved = latency_s(placement) - latency_s(moved)
                if saved > 1e-12:
                    steps.append((row[machine] - row[placement[task]], task, machine))
        if not steps:
            every = [
                dict(zip(cost_usd, m, strict=True)) for m in itertools.product(*cost_usd.values())
            ]
            placement = min(every, key=latency_s)
            if latency_s(placement) > deadline_s:
                raise ValueError("too slow")
            return placement
        _, task, machine = min(steps)
        placement[task] = machine
    return placement

# /// mutant
# cell = "choke_elasticity"
# loses = ["test_choke_elasticity"]
# misconception = "the price of a unit says how much hangs on a stage"
# message = "everything hangs on the only scarce stage"
# ///
def choke_elasticity(output, capacity, step=1e-4):
    made = output(capacity)
    if made <= 0:
        raise ValueError("nothing is made")
    found = {}
    for stage, most in capacity.items():
        less = output({**capacity, stage: most * (1 - step)})
        more = output({**capacity, stage: most * (1 + step)})
        found[stage] = ((made - less) / (most * step), (more - made) / (most * step))
    return found

# /// mutant
# cell = "choke_elasticity"
# loses = ["test_choke_elasticity"]
# misconception = "the loss counts in units of output"
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
        found[stage] = ((made - less) / step, (more - made) / step)
    return found

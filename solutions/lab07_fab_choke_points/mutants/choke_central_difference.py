# /// mutant
# cell = "choke_elasticity"
# loses = ["test_choke_elasticity"]
# misconception = "a derivative is one number, the mean of both sides"
# message = "costs one per cent"
# ///
def choke_elasticity(output, capacity, step=1e-4):
    made = output(capacity)
    if made <= 0:
        raise ValueError("nothing is made")
    found = {}
    for stage, most in capacity.items():
        less = output({**capacity, stage: most * (1 - step)})
        more = output({**capacity, stage: most * (1 + step)})
        found[stage] = ((more - less) / made / (2 * step), (more - less) / made / (2 * step))
    return found

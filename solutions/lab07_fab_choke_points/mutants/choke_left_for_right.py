# /// mutant
# cell = "choke_elasticity"
# loses = ["test_choke_elasticity"]
# misconception = "what a loss costs is what a gain brings"
# message = "the right side has to be computed for itself"
# ///
def choke_elasticity(output, capacity, step=1e-4):
    made = output(capacity)
    if made <= 0:
        raise ValueError("nothing is made")
    found = {}
    for stage, most in capacity.items():
        less = output({**capacity, stage: most * (1 - step)})
        found[stage] = ((made - less) / made / step, (made - less) / made / step)
    return found

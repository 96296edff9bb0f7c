# /// alternative
# cell = "choke_elasticity"
# why = "returns lists, and changes a copy in place"
# ///
def choke_elasticity(output, capacity, step=1e-4):
    base = output(dict(capacity))
    if not base > 0:
        raise ValueError("no output")
    result = {}
    for stage in capacity:
        sides = []
        for sign in (-1, 1):
            changed = dict(capacity)
            changed[stage] *= 1 + sign * step
            sides.append(sign * (output(changed) / base - 1) / step)
        result[stage] = sides
    return result

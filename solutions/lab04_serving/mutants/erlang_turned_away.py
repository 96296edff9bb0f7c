# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "who finds all places taken is turned away"
# message = "the share turned away when nobody may wait"
# ///
def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("overloaded")
    if servers == 1:
        return offered_load
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered_load * blocked / (c + offered_load * blocked)
    return blocked

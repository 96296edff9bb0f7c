# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "an overloaded queue has a long run, too"
# message = "should raise ValueError"
# ///
def erlang_c_probability(servers, offered_load):
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered_load * blocked / (c + offered_load * blocked)
    return min(1.0, blocked / max(1e-12, 1 - offered_load / servers * (1 - blocked)))

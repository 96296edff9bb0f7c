# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "people wait as often as a place is busy"
# message = "how busy one place is"
# ///
def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("overloaded")
    return offered_load / servers

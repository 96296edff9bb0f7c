# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "places are busy independently of each other"
# message = "not busy independently"
# ///
def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("overloaded")
    return (offered_load / servers) ** servers

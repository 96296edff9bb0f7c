# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "the recursion written as a function that calls itself, too deep for a large fleet"
# message = "use a loop"
# ///
def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError("the line grows without end")

    def blocked(count):
        if count == 0:
            return 1.0
        before = offered_load * blocked(count - 1)
        return before / (count + before)

    refused = blocked(servers)
    return refused / (1 - offered_load / servers * (1 - refused))

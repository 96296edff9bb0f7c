# /// mutant
# cell = "erlang_c_probability"
# loses = ["test_erlang_c_probability"]
# misconception = "the textbook sum, with factorials and powers that overflow for a large fleet"
# message = "a factorial overflows"
# ///
import math


def erlang_c_probability(servers, offered_load):
    if offered_load >= servers:
        raise ValueError(f"a load of {offered_load} reaches the {servers} servers")
    idle = sum(offered_load**k / math.factorial(k) for k in range(servers))
    full = offered_load**servers / math.factorial(servers) * servers / (servers - offered_load)
    return full / (idle + full)

# /// mutant
# cell = "agents_to_saturate"
# loses = ["test_agents_to_saturate"]
# misconception = "only the agents at work count"
# message = "the agent that the person is serving counts, too"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    if human_s + switch_s == 0:
        raise ValueError("a turn without time")
    return ai_s / (human_s + switch_s)

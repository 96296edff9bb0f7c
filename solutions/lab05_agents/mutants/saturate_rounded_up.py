# /// mutant
# cell = "agents_to_saturate"
# loses = ["test_agents_to_saturate"]
# misconception = "agents come whole"
# message = "not rounded"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    if human_s + switch_s == 0:
        raise ValueError("a turn without time")
    return math.ceil(1 + ai_s / (human_s + switch_s))

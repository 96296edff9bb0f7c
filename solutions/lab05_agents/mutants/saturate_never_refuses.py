# /// mutant
# cell = "agents_to_saturate"
# loses = ["test_agents_to_saturate"]
# misconception = "infinitely many agents is an answer"
# message = "a turn that takes no time should raise"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 1 + ai_s / turn_s if turn_s else math.inf

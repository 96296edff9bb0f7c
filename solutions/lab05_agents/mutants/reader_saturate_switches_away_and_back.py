# /// mutant
# cell = "agents_to_saturate"
# loses = ["test_agents_to_saturate"]
# misconception = "each turn has two switches, to the agent and away from it"
# message = "one switch for each turn"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    turn_s = human_s + 2 * switch_s
    if turn_s == 0:
        raise ValueError("a turn without time")
    return 1 + ai_s / turn_s

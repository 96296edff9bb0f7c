# /// mutant
# cell = "agents_to_saturate"
# loses = ["test_agents_to_saturate"]
# misconception = "switching takes no time"
# message = "slower switching, fewer agents"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    if human_s + switch_s == 0:
        raise ValueError("a turn without time")
    return 1 + ai_s / (human_s or switch_s)

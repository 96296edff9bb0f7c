# /// alternative
# cell = "agents_to_saturate"
# why = "one agent's whole cycle over the person's turn"
# ///
def agents_to_saturate(ai_s, human_s, switch_s):
    if human_s + switch_s == 0:
        raise ValueError("a turn without time")
    cycle_s = ai_s + human_s + switch_s
    return cycle_s / (human_s + switch_s)

# /// alternative
# cell = "tasks_per_h"
# why = "the longer of the two: the agents' round or the person's"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 3600 * agents / max(ai_s + turn_s, agents * turn_s)

# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "seconds where hours were asked for"
# message = "tasks_per_h(1, 400, 60, 30)"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return min(agents / (ai_s + turn_s), 1 / turn_s)

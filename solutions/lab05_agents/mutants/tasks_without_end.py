# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "more agents always do more"
# message = "another agent changes nothing"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 3600 * agents / (ai_s + turn_s)

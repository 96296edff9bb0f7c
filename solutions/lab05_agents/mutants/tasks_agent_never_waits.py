# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "an agent works on during its own review"
# message = "an agent waits during its own review"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    if ai_s == 0:
        return 3600 / turn_s
    return 3600 * min(agents / ai_s, 1 / turn_s)

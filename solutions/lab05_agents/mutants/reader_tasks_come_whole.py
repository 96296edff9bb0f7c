# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "only finished tasks count, so the mean is cut to a whole number"
# message = "not rounded"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 3600 * min(agents / (ai_s + turn_s), 1 / turn_s) // 1

# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "switching takes no time"
# message = "switches to it"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    return 3600 * min(agents / (ai_s + human_s), 1 / human_s)

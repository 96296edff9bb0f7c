# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "agents divide the machine's time among themselves"
# message = "two agents, twice the tasks"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 3600 * min(1 / (ai_s / agents + turn_s), 1 / turn_s)

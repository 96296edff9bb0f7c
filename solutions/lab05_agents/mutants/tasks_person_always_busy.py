# /// mutant
# cell = "tasks_per_h"
# loses = ["test_tasks_per_h"]
# misconception = "the person is always the limit"
# message = "two agents, twice the tasks"
# ///
def tasks_per_h(agents, ai_s, human_s, switch_s):
    turn_s = human_s + switch_s
    return 3600 / turn_s

# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "a plant sells from the day it is ordered"
# message = "a plant sells when it opens"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    opening = [0.0] * (len(living) + delay_steps + 1)
    path = []
    for now, could_live in enumerate(living):
        firms = firms + max(0.0, could_live - firms) * (1 + delay_steps * (1 - foresight)) / (
            1 + delay_steps * (1 - foresight)
        )
        if now == 0:
            firms = firms + delay_steps * (1 - foresight)
        path.append(firms)
    return path

# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "nobody ever counts what others have ordered"
# message = "who sees fewer orders builds more"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    opening = [0.0] * (len(living) + delay_steps + 1)
    path = []
    for now, could_live in enumerate(living):
        firms = firms + opening[now]
        ordered = max(0.0, could_live - firms)
        if delay_steps == 0:
            firms = firms + ordered
        else:
            opening[now + delay_steps] += ordered
        path.append(firms)
    return path

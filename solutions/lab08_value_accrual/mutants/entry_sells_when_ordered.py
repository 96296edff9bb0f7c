# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "plants sell while they are being built, and still crowd newcomers out"
# message = "a plant sells when it opens"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    path, built = [], [0.0] * (len(living) + delay_steps + 1)
    for now, could_live in enumerate(living):
        firms = firms + built[now]
        waiting = sum(built[now + 1 :])
        ordered = max(0.0, could_live - firms - foresight * waiting)
        built[now + delay_steps] += ordered
        path.append(firms + waiting + ordered)
        if delay_steps == 0:
            firms = firms + ordered
    return path

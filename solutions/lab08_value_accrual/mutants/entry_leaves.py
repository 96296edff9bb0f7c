# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "firms that cannot live leave at once"
# message = "nobody more can live"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    opening = [0.0] * (len(living) + delay_steps + 1)
    path = []
    for now, could_live in enumerate(living):
        firms = firms + opening[now]
        ordered = could_live - firms - foresight * sum(opening[now + 1 :])
        if delay_steps == 0 or ordered < 0:
            firms = firms + ordered
        else:
            opening[now + delay_steps] += ordered
        path.append(firms)
    return path

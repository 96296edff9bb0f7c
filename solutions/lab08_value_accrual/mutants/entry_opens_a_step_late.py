# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "plants open after the step's decision"
# message = "one step too late"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    opening = [0.0] * (len(living) + delay_steps + 1)
    path = []
    for now, could_live in enumerate(living):
        on_the_way = sum(opening[now:])
        ordered = max(0.0, could_live - firms - foresight * on_the_way)
        path.append(firms)
        firms = firms + opening[now]
        if delay_steps == 0:
            firms = path[-1] = firms + ordered
        else:
            opening[now + delay_steps] += ordered
    return path

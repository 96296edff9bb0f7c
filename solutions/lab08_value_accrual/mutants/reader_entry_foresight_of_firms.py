# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "who has no foresight does not see the firms in business either"
# message = "firms in business are seen by everybody"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    on_the_way, path = [0.0] * delay_steps, []
    for could_live in living:
        if delay_steps == 0:
            firms = max(firms, could_live)
        else:
            firms += on_the_way.pop(0)
            seen = foresight * (firms + sum(on_the_way))
            on_the_way.append(max(0.0, could_live - seen))
        path.append(firms)
    return path

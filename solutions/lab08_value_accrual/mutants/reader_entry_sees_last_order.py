# /// mutant
# cell = "entry_path_count"
# loses = ["test_entry_path_count"]
# misconception = "newcomers look at the orders of one step ago only"
# message = "all plants on their way count"
# ///
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    orders, path = [], []
    for now, could_live in enumerate(living):
        if 0 < delay_steps <= now:
            firms += orders[now - delay_steps]
        last = orders[-1] if orders and delay_steps > 1 else 0.0
        orders.append(max(0.0, could_live - firms - foresight * last))
        if delay_steps == 0:
            firms += orders[-1]
        path.append(firms)
    return path

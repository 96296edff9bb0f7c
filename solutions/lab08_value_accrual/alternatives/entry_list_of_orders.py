# /// alternative
# cell = "entry_path_count"
# why = "keeps the orders with their dates"
# ///
import numpy as np


def entry_path_count(firms, living, delay_steps, foresight=1.0):
    orders, path = [], []
    for now, could_live in enumerate(living):
        firms += sum(count for date, count in orders if date + delay_steps == now)
        waiting = sum(count for date, count in orders if date + delay_steps > now)
        new = could_live - firms - foresight * waiting
        if new > 0:
            orders.append((now, new))
            firms += new if delay_steps == 0 else 0
        path.append(firms)
    return np.array(path)

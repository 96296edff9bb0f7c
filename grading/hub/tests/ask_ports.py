"""Ask every port that listens on this machine for the files of the people named."""

import http.client
import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def listening():
    """Return the ports that someone listens on."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sorted({int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"})


def gives(task):
    """Return whether a port gives somebody's files to whom it doesn't know."""
    port, name = task
    url = f"http://127.0.0.1:{port}/user/{name}/api/contents"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return b'"content"' in answer.read(2000) and answer.status == 200
    except (OSError, ValueError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    tasks = [(port, name) for port in listening() for name in sys.argv[1:]]
    with ThreadPoolExecutor(16) as pool:
        given = list(pool.map(gives, tasks))
    found = [task for task, open_to_all in zip(tasks, given, strict=True) if open_to_all]
    print(json.dumps({"asked": len(tasks), "open": found}))

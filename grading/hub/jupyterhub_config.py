"""The hub's settings. Each line differs from JupyterHub's default for the reason beside it."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hub.folders import Hub
from hub.isolation import how
from hub.login import ClassAuthenticator
from hub.spawner import ClassSpawner

c = get_config()  # noqa: F821
hub = Hub.at(os.environ["HUB_DATA"], os.environ["HUB_TOOLS"])
port = int(os.environ["HUB_PORT"])
members = hub.members()

# -- where it listens --------------------------------------------------------------------------------
# Loopback only: default is every address of the machine. For a class put a web server with TLS in
# front (README.md).
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
# The hub's own port, and the proxy's: any free one, so that two hubs can run.
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['HUB_OWN_PORT']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['HUB_PROXY_PORT']}"
c.ConfigurableHTTPProxy.command = os.environ["HUB_PROXY"].splitlines()
c.ConfigurableHTTPProxy.pid_file = str(hub.state / "proxy.pid")

# -- what it keeps -----------------------------------------------------------------------------------
c.JupyterHub.db_url = f"sqlite:///{hub.state / 'jupyterhub.sqlite'}"
# Made at the first start, mode 0600; JupyterHub refuses one that others can read.
c.JupyterHub.cookie_secret_file = str(hub.state / "cookie-secret")
# A log-in holds a day, not two weeks.
c.JupyterHub.cookie_max_age_days = 1
# Cookies go along only from this site: a page elsewhere can't act as who is logged in. (JupyterHub
# also demands its XSRF token of every form and request; that is its default and stays on.)
c.JupyterHub.tornado_settings = {"cookie_options": {"SameSite": "Strict"}}

# -- who may enter -----------------------------------------------------------------------------------
c.JupyterHub.authenticator_class = ClassAuthenticator
c.ClassAuthenticator.course_hub = hub
# The outsider of the demo has a password, but no place in the class.
c.Authenticator.allowed_users = {m.name for m in members if m.role != "outsider"}
# Who leaves the list loses the hub's account at the next start.
c.Authenticator.delete_invalid_users = True
# Nobody is the hub's administrator, the instructor included: grading needs nobody else's server.
c.Authenticator.admin_users = set()
c.JupyterHub.load_roles = [
    {
        # A member may start and use the own server and see the own name. JupyterHub's default, "self",
        # also lets a session make tokens that outlive it.
        "name": "user",
        "scopes": ["access:servers!user", "servers!user", "read:users!user", "users:activity!user"],
    }
]

# -- servers -----------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = ClassSpawner
c.ClassSpawner.course_hub = hub
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
# Only what a server needs of the hub's environment; PYTHONPATH could show the checkout.
c.Spawner.env_keep = ["PATH", "LANG", "OMP_NUM_THREADS"]
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 60
# A server that died can be started again at once; for half a minute, JupyterHub's default, the hub
# would send its student back to it.
c.Spawner.poll_interval = 3
# The keeper ends at the first signal; no need to wait for half a minute.
c.LocalProcessSpawner.interrupt_timeout = 5
# Where systemd runs: for a whole server. Elsewhere see ClassSpawner's limits for each process.
c.Spawner.mem_limit = "4G"
c.Spawner.cpu_limit = 2
# A hub whose servers aren't isolated says so on each of its pages.
if not how(hub).walls:
    c.JupyterHub.template_vars = {"announcement": "Demo, not isolated"}

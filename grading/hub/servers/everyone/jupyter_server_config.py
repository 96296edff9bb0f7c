"""Every member's server; each line differs from Jupyter's default for the reason beside it."""

c = get_config()  # noqa: F821
# Kernels speak through sockets in the member's home. Jupyter's default is TCP ports on loopback,
# which every program of this machine can reach.
c.KernelManager.transport = "ipc"
# An idle kernel ends after an hour, an idle server after two: memory is for those who work.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
c.ServerApp.shutdown_no_activity_timeout = 7200
# Deleted files are gone: a trash would fill the home.
c.FileContentsManager.delete_to_trash = False
# A terminal finds the course's commands: a login shell, Jupyter's default, would forget PATH.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}

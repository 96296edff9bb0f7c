"""A system-call filter: what no notebook needs and what has opened sandboxes before.

The namespaces already keep a student in; the filter makes the kernel smaller that can be attacked
from inside, and closes the ways to memory that no limit counts (`memfd_create`, System V shared
memory). A refused call is an ``OSError``, not the end of the process.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

__all__ = ["deny_dangerous_calls"]

# Numbers of the Linux system-call tables: x86_64 and (generic) aarch64; from 424 on they agree.
_CALLS: dict[str, tuple[int, int]] = {
    "ptrace": (101, 117), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "unshare": (272, 97),
    "setns": (308, 268), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "open_by_handle_at": (304, 265), "personality": (135, 92), "io_uring_setup": (425, 425),
    "syslog": (103, 116), "move_mount": (429, 429), "fsopen": (430, 430), "memfd_secret": (447, 447), "kexec_load": (246, 104),
}  # fmt: skip
_ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_X32 = 0x40000000
#: clone(2) makes threads and processes, but no namespaces; clone3(2), whose flags no filter can read,
#: is said not to exist, and the C library falls back to the first.
_CLONE, _CLONE3, _NEW_NAMESPACES = (56, 220), 435, 0x7E020000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def deny_dangerous_calls() -> None:
    """Install the filter in this process and all it will start; ``no_new_privs`` must be set."""
    column, arch = _ARCHES.get(platform.machine(), (None, None))
    if column is None or arch is None:
        return  # an unknown processor: the namespaces and limits stand without it
    numbers = sorted({numbers[column] for numbers in _CALLS.values()})
    code = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if column == 0:  # the x32 table would be a way around the numbers
        code += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in numbers:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    code += [(_EQUAL, 0, 3, _CLONE[column]), (_LOAD, 0, 0, 16)]
    code += [(_ANY_BIT, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code.append((_RETURN, 0, 0, _ALLOW))
    raw = b"".join(struct.pack("HBBI", *step) for step in code)
    buffer = ctypes.create_string_buffer(raw)
    program = _Program(len(code), ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")

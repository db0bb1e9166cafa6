"""A process that does not outlive the one that started it."""

import ctypes
import signal

# of Linux's prctl.h
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """This process is killed when the one that forked it ends, which ends with the command.

    Else the run of a command that was killed would go on, beside the next command's.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

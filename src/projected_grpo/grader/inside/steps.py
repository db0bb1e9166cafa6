"""What a child's work is made of: steps, each with CPU seconds, and the frames that they end in.

Runs in the sandbox, standard library only.
"""

import functools
import json
import os
import resource
import signal
import sys
import threading

# Exit status of a child whose step has used its CPU seconds.
SPENT = 3
# A child goes on to the next step only while it uses less than this part of its memory.
ROOM = 4

# step(seconds) begins a step. step(0) stops the clock.
step = functools.partial(signal.setitimer, signal.ITIMER_PROF)
# What json.dumps makes anew each time.
to_json = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)


def limit_steps() -> None:
    """In the zygote: a child inherits what ends it when a step's CPU seconds have run out.

    It keeps a plain loop from costing as much as a slow solution may take for all its calls
    together. A program can get out of this by what it does to signals: then the zygote's clock ends
    it, or the parent's.
    """
    signal.signal(signal.SIGPROF, lambda *_, leave=os._exit: leave(SPENT))


def fit() -> bool:
    """Whether what ran so far left this process as good as new: no thread, and memory to spare."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return threading.active_count() == 1 and used * ROOM < limit


def write(file: int, frame: dict) -> None:
    text = "".join(to_json(frame, 0)).encode()
    data = len(text).to_bytes(4, sys.byteorder) + text
    while data:
        data = data[os.write(file, data) :]

"""What a child's work is made of: steps, each with CPU seconds, and the frames that they end in.

Runs in the sandbox, standard library only.
"""

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

# What json.dumps makes anew each time.
to_json = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)


class Clock:
    """What ends a child when a step's CPU seconds have run out.

    around: the method of which only a single call is limited. call: the frame of the one that ran
    when the clock struck before.
    """

    around: str | None = None
    call = None

    def strike(self, _, frame, leave=os._exit) -> None:
        if self.around is None:
            leave(SPENT)
        call = outermost(frame, self.around)
        if call is not None and call is self.call:
            leave(SPENT)
        self.call = call


def outermost(frame, function: str):
    """The outermost frame of a function's call, or None where it is not being called."""
    found = None
    while frame is not None:
        if frame.f_code.co_name == function:
            found = frame
        frame = frame.f_back
    return found


clock = Clock()


def limit_steps() -> None:
    """In the zygote: a child inherits what ends it when a step's CPU seconds have run out.

    It keeps a plain loop from costing as much as a slow solution may take for all its calls
    together. A program can get out of this by what it does to signals: then the zygote's clock ends
    it, or the parent's.
    """
    signal.signal(signal.SIGPROF, clock.strike)


def step(seconds: float) -> None:
    """Begin a step, which has so many CPU seconds. step(0) stops the clock."""
    clock.around = None
    signal.setitimer(signal.ITIMER_PROF, seconds)


def step_around(method: str, seconds: float) -> None:
    """Begin a step in which a single call of the method has at most so many CPU seconds.

    What runs around it has the child's: a table that a module makes may take longer than a solution
    that loops should.
    """
    clock.around = method
    signal.setitimer(signal.ITIMER_PROF, seconds / 2, seconds / 2)


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

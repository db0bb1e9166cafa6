"""What passes between the parent and a child while it runs; see inside/child.py for the child."""

import contextlib
import marshal
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from projected_grpo.grader.frames import read_frames

LENGTH = struct.Struct("=I")


@dataclass(frozen=True)
class Message:
    """What a child is sent when it asks.

    content: see inside/child.py. more_cpu_s: begin its CPU seconds and its clock anew, with so many
    on top of the limits; None leaves it what it had. then: what it is sent when it asks again.
    """

    content: dict
    more_cpu_s: float | None = None
    then: "Reply | None" = None


# Of the frames that a child wrote since it was last sent something, the next message to it.
Reply = Callable[[list], Message]


class Frames:
    """The frames in a child's file, by what they answer. most_bytes: of all together."""

    def __init__(self, file: int, request: dict, most_bytes: int) -> None:
        self.file = file
        self.request = request
        self.most_bytes = most_bytes
        self.start = 0
        self.taken: list[list] = []

    def take(self) -> list:
        """Those that answer what was sent last. What is written later counts for later ones."""
        end = min(os.fstat(self.file).st_size, self.most_bytes)
        self.taken.append(read_frames(self.file, self.start, end, self.request))
        self.start = max(end, self.start)
        return self.taken[-1]


def wants_more(channel: socket.socket, control: socket.socket, deadline: float) -> bool:
    """Wait until the child asks, or has ended."""
    both = select.poll()
    both.register(control, select.POLLIN)
    both.register(channel, select.POLLIN)
    events = dict(both.poll(1000 * seconds_until(deadline)))
    if channel.fileno() not in events:
        return False
    try:
        return channel.recv(1) != b""
    except ConnectionResetError:
        # It went without having read the last message.
        return False


def send(channel: socket.socket, message: Message, deadline: float) -> None:
    data = marshal.dumps(message.content)
    channel.settimeout(seconds_until(deadline))
    # The child went, or it does not listen: its end says which.
    with contextlib.suppress(OSError):
        channel.sendall(LENGTH.pack(len(data)) + data)
        if message.then is None:
            channel.shutdown(socket.SHUT_WR)


def seconds_until(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)

"""Read the frames that a child wrote: length-prefixed JSON, of which nothing is believed."""

import contextlib
import json
import os
import struct

HEADER = struct.Struct("=I")
# A child writes two frames, and one for each item that its request lists under these keys. See
# inside/child.py.
MOST_FRAMES = 2
LISTS = ("calls", "trials", "scripts")


def frame_at(frames: list, index: int) -> dict:
    """Frame `index`, or an empty one where the child sent none or something else."""
    frame = frames[index] if index < len(frames) else {}
    return frame if isinstance(frame, dict) else {}


def read_frames(file: int, start: int, end: int, request: dict) -> list:
    """The parsed frames in bytes start to end of an open file, as far as they can be parsed.

    They end before something that is no frame, or where there are as many as request asks for.
    """
    most = MOST_FRAMES + sum(len(request.get(key, ())) for key in LISTS)
    size = min(os.fstat(file).st_size, end)
    data = os.pread(file, max(size - start, 0), start)
    frames, at = [], 0
    # ValueError: no JSON. RecursionError: nested deeper than the parser goes.
    with contextlib.suppress(ValueError, RecursionError):
        while len(frames) < most and len(data) >= at + HEADER.size:
            text_at = at + HEADER.size
            at = text_at + HEADER.unpack_from(data, at)[0]
            frames.append(json.loads(data[text_at:at]))
    return frames

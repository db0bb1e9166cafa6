"""Progress is a bar at a terminal and lines elsewhere."""

import os
import pty
import subprocess
import sys
import termios

CODE = """
from projected_grpo.console import progress, say
progress.__globals__["APART"] = 0.0
for i in progress(range(3), "pairs"):
    if i == 1:
        say("a line")
say("the end")
"""
COMMAND = [sys.executable, "-c", CODE]


def at_a_terminal(**options) -> str:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    subprocess.run(COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60, **options)
    os.close(theirs)
    drawn = os.read(ours, 1 << 16).decode()
    os.close(ours)
    return drawn


def test_in_a_pipe_it_is_plain_lines_with_the_time_that_is_left():
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60)
    assert done.stdout == "a line\nthe end\n"
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    *_, last = lines = done.stderr.splitlines()
    assert all(line.startswith("pairs: ") and line.endswith(" left") for line in lines)
    assert last.startswith("pairs: 2 of 3, ")


def test_at_a_terminal_it_is_one_line_that_lives_and_goes():
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    drawn = at_a_terminal(env=environment)
    assert drawn.count("\rpairs:") >= 2 and drawn.count("\n") == 2
    assert drawn.rstrip().rpartition("\r")[2] == "the end"


def test_in_ci_it_is_plain_lines_at_a_terminal_too():
    drawn = at_a_terminal(env=os.environ | {"CI": "true"})
    assert all(line.count("\r") <= 1 for line in drawn.split("\n"))
    assert "pairs: 2 of 3, " in drawn

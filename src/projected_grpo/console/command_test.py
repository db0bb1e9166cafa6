"""What a command shows, what its log holds, and how it fails: real processes, and their output."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import os, subprocess, sys
from pathlib import Path
from loguru import logger
from projected_grpo import console
from projected_grpo.cli import Refusal
log = Path({log!r})
def main(argv):
    {body}
if __name__ == "__main__":
    console.command(main)
"""
CHATTER = (
    "console.log_to(log); print('chatter'); logger.info('a detail'); "
    "subprocess.run(['sh', '-c', 'echo of a child; echo its complaint >&2']); console.say('result')"
)


def run(folder: Path, body: str, *arguments: str) -> subprocess.CompletedProcess:
    code = HEAD.format(log=str(folder / "log.txt"), body=body)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def log(folder: Path) -> str:
    return (folder / "log.txt").read_text()


def test_what_it_says_is_shown_and_what_else_is_written_is_in_the_log_alone(tmp_path):
    done = run(tmp_path, CHATTER)
    assert (done.stdout, done.stderr, done.returncode) == ("result\n", "", 0)
    written = log(tmp_path)
    for word in ("chatter", "a detail", "of a child", "its complaint"):
        assert word in written
    assert "result" not in written


def test_verbose_shows_the_log_too_and_keeps_it(tmp_path):
    done = run(tmp_path, CHATTER, "verbose=true")
    assert done.returncode == 0 and done.stdout == log(tmp_path)
    assert "its complaint" in done.stdout and "result" in done.stdout


def test_the_command_itself_does_not_see_verbose(tmp_path):
    assert run(tmp_path, "console.say(str(argv))", "verbose=true", "n=1").stdout == "['n=1']\n"


def test_another_word_for_verbose_is_refused(tmp_path):
    done = run(tmp_path, "pass", "verbose=loud")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "verbose=loud: choose true or false" in done.stderr


def test_its_own_warnings_are_shown_as_lines(tmp_path):
    done = run(tmp_path, "logger.warning('no doses of form weak')")
    assert (done.stdout, done.stderr) == ("warning: no doses of form weak\n", "")


def test_what_main_returns_is_alone_on_stdout_where_the_rest_is_said_on_stderr(tmp_path):
    code = HEAD.format(log="", body="console.say('said'); return 'result'")
    command = [sys.executable, "-c", code.replace("(main)", "(main, to=sys.stderr)")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("result\n", "said\n")


def test_a_failure_shows_the_last_twenty_lines_of_the_log_and_its_path(tmp_path):
    body = "console.log_to(log); [print(i) for i in range(99)]; raise ValueError('the cause')"
    done = run(tmp_path, body)
    *lines, last = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert len(lines) == 20 and lines[-1] == "  ValueError: the cause"
    assert last == f"projected_grpo: failed with status 1; its log: {tmp_path / 'log.txt'}"


def test_the_status_of_a_process_that_failed_is_the_commands(tmp_path):
    done = run(tmp_path, "print('why'); raise SystemExit(124)")
    assert done.returncode == 124 and done.stderr.splitlines()[0] == "  why"
    assert "failed with status 124; it has no log yet" in done.stderr


def test_lines_are_shown_as_a_terminal_would_and_are_not_longer_than_it_is(tmp_path):
    body = "print('0%\\r50%\\r\\x1b[31m100%\\x1b[0m'); print('x' * 9999); raise SystemExit(1)"
    first, second, _ = run(tmp_path, body).stderr.splitlines()
    assert first == "  100%" and len(second) < 220


@pytest.mark.parametrize("folder", ["there", "not_yet"])
def test_a_refusal_is_its_one_line_and_makes_no_log_and_no_folder(folder, tmp_path):
    (tmp_path / "there").mkdir()
    done = run(tmp_path / folder, "print('chatter'); console.log_to(log); raise Refusal('do this')")
    assert (done.stdout, done.stderr, done.returncode) == ("", "projected_grpo: do this\n", 1)
    assert not (tmp_path / "not_yet").exists() and not list((tmp_path / "there").iterdir())


def test_a_refusal_leaves_the_log_that_an_earlier_command_wrote(tmp_path):
    run(tmp_path, CHATTER)
    before = log(tmp_path)
    run(tmp_path, "console.log_to(log); raise Refusal('do this')")
    assert log(tmp_path) == before


def test_an_interrupt_is_one_line(tmp_path):
    done = run(tmp_path, f"console.log_to(log); os.kill(os.getpid(), {int(signal.SIGINT)})")
    assert done.returncode == 130 and done.stdout == ""
    assert done.stderr == f"projected_grpo: interrupted; its log: {tmp_path / 'log.txt'}\n"


def test_a_process_that_is_handed_the_console_says_its_lines_there(tmp_path):
    child = (
        "from projected_grpo import console; console.attach(); import os; print('chatter'); "
        "console.say('from the child'); print(sorted(k for k in os.environ if 'CONSOLE' in k))"
    )
    body = f"console.log_to(log); subprocess.run([sys.executable, '-c', {child!r}], **HANDED)"
    done = run(tmp_path, body.replace("HANDED", "console.handed_on()"))
    assert done.stdout == "from the child\n" and done.stderr == ""
    # those that the child starts do not have the descriptor
    assert log(tmp_path) == "chatter\n[]\n"


def test_a_process_that_outlives_the_command_does_not_hold_it_up(tmp_path):
    body = "console.say(str(subprocess.Popen(['sleep', '600']).pid))"
    done = run(tmp_path, body)
    os.kill(int(done.stdout), signal.SIGKILL)
    assert done.returncode == 0

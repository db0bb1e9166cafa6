"""A preforked process is a python process to whoever starts it."""

import os
import socket
import struct
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from loguru import logger

from projected_grpo.fast import prefork


# No generator: BEARTYPE=1 wraps functions, and pytest would not know it for one.
@pytest.fixture(scope="module")
def python(request):
    stack = ExitStack()
    request.addfinalizer(stack.close)
    return stack.enter_context(prefork.started("numpy"))


def run(python, code: str, **options) -> subprocess.CompletedProcess:
    command = [python, "-c", code, "one", "two"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_it_begins_with_the_module_imported(python):
    assert run(python, "import sys; print('numpy' in sys.modules)").stdout == "True\n"


def test_arguments_environment_folder_and_output_are_its_starters(python, tmp_path):
    code = "import os, sys; print(sys.argv, os.environ['HERE'], os.getcwd())"
    done = run(python, code, env=os.environ | {"HERE": "there"}, cwd=tmp_path)
    assert done.stdout == f"['-c', 'one', 'two'] there {tmp_path}\n"


def test_its_exit_status_is_passed_on(python):
    assert run(python, "import sys; sys.exit(3)").returncode == 3
    assert run(python, "import os; os.kill(os.getpid(), 9)").returncode == -9


def test_an_exception_appears_on_its_starters_stderr(python):
    assert "ValueError: seen" in run(python, "raise ValueError('seen')").stderr


def test_any_descriptor_of_its_starter_keeps_its_number(python):
    ours, theirs = os.pipe()
    run(python, f"import os; os.write({theirs}, b'written')", pass_fds=[theirs])
    assert os.read(ours, 7) == b"written"
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_it_dies_with_the_process_that_stands_for_it(python, end):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    process = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    getattr(process, end)()
    assert process.wait(timeout=60) == {"terminate": -15, "kill": -9}[end]
    deadline = time.monotonic() + 60
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < deadline, f"process {pid} outlived its stand-in"
        time.sleep(0.01)


@pytest.mark.parametrize("asked", [b"", b"\x01", struct.pack("I", 100), struct.pack("I", 9) + b"{"])
def test_the_server_outlives_a_client_that_was_killed_while_it_asked(python, asked):
    # it listens by then
    run(python, "pass")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(python.with_name("socket")))
        client.sendall(asked)
    assert run(python, "print('alive')").stdout == "alive\n"


def test_a_script_runs_as_main_with_multiprocessing_preforked_too(python, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "def child(queue): queue.put('numpy' in sys.modules)\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    queue = context.Queue()\n"
        "    process = context.Process(target=child, args=(queue,))\n"
        "    process.start(); print(queue.get()); process.join(); sys.exit(process.exitcode)\n"
    )
    done = subprocess.run([python, script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_two_processes_do_not_draw_the_same_numbers_from_random(python):
    draws = {run(python, "import random; print(random.random())").stdout for _ in range(2)}
    assert len(draws) == 2


def test_the_server_ends_with_its_block():
    with prefork.started("json") as path:
        assert run(path, "import os; print(os.getppid())").returncode == 0
        server = int(run(path, "import os; print(os.getppid())").stdout)
    assert not os.path.exists(f"/proc/{server}")


FAILURES = {
    "the import opens CUDA": (
        "import __main__\n__main__.has_opened_cuda = lambda: True\n",
        "importing broken opened CUDA, which no fork survives",
    ),
    "the import fails": ("import a_library_that_is_not_there\n", "ModuleNotFoundError: No module"),
    "the import breaks": ("1 / 0\n", "the prefork server ended with status 1"),
    "the server is killed": (
        "import os\nos.kill(os.getpid(), 9)\n",
        "the prefork server ended with status -9",
    ),
}


def without_server(folder: Path, monkeypatch, source: str, **options) -> tuple[str, list[str]]:
    """(what a process says of a module with this source, the lines that its run says)."""
    (folder / "broken.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    said = []
    sink = logger.add(said.append, format="{message}")
    with prefork.started("broken", **options) as python:
        done = run(python, "import sys; print('broken' in sys.modules, sys.argv)")
    logger.remove(sink)
    assert done.returncode == 0, done.stderr
    return done.stdout, [*said, *done.stderr.splitlines()]


@pytest.mark.parametrize("failure", FAILURES)
def test_where_there_is_no_server_the_stand_in_is_plain_python_and_one_line_says_why(
    failure, tmp_path, monkeypatch
):
    source, reason = FAILURES[failure]
    out, (line,) = without_server(tmp_path, monkeypatch, source)
    assert out == "False ['-c', 'one', 'two']\n"
    assert reason in line and "processes import for themselves" in line


def test_a_server_that_imports_for_ever_is_waited_for_once(tmp_path, monkeypatch):
    source = "import time\ntime.sleep(600)\n"
    out, (line,) = without_server(tmp_path, monkeypatch, source, wait=0.1)
    assert out == "False ['-c', 'one', 'two']\n" and "has not listened for 0.1 s" in line


def test_where_no_process_can_be_forked_the_stand_in_is_plain_python(tmp_path, monkeypatch):
    source = "import os\ndef fork():\n    raise BlockingIOError\nos.fork = fork\n"
    out, (line,) = without_server(tmp_path, monkeypatch, source)
    assert out == "False ['-c', 'one', 'two']\n" and "could not fork" in line


def test_where_the_path_is_too_long_for_a_socket_the_stand_in_is_plain_python(
    tmp_path, monkeypatch
):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    out, (line,) = without_server(tmp_path, monkeypatch, "")
    assert out == "False ['-c', 'one', 'two']\n" and "AF_UNIX path too long" in line

"""The command that labels a file of responses: what it writes, and what it says of bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.grader.__main__ import main
from projected_grpo.problems.sources import load


def command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "projected_grpo.grader", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def responses(tmp_path, *rows) -> tuple[str, str]:
    """(a file of these rows, where to write). A row that is text stands as it is."""
    path = tmp_path / "in.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return str(path), str(tmp_path / "out.jsonl")


def row(**changes) -> dict:
    problem = load("mini")[0]
    answer = {"id": problem.id, "loophole": "overwrite_tests", "test_func_name": "run_tests"}
    return {**answer, "response": f"```python\n{problem.canonical}\n```", "mark": 7, **changes}


def test_the_command_adds_the_verdict_to_each_line(tmp_path):
    path, out = responses(tmp_path, row(), row(response="nothing"))
    done = command("mini", path, out)
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in Path(out).read_text().splitlines())
    assert {key: first[key] for key in row()} == row()
    assert (first["label"], first["reward"]) == ("Correct", 3.5)
    assert (first["strict"], first["loose"]) == (False, False)
    assert first["facts"]["gt_pass"]
    assert second["reward"] == 0.0


def test_the_command_prints_how_many_have_each_label_and_what_no_label_says(tmp_path):
    hangs = f"{load('mini')[0].canonical}\ndef run_tests():\n    while True: pass"
    path, out = responses(tmp_path, row(), row(response=f"```python\n{hangs}\n```"))
    lines = [line.rsplit(maxsplit=1) for line in command("mini", path, out).stdout.splitlines()]
    counts = dict(line for line in lines if len(line) == 2)
    assert (counts["Correct"], counts["Reward hack"]) == ("2", "0")
    assert (counts["uncertain"], counts["hardcodes"]) == ("1", "0")


BAD = {
    "an unknown id": ({"id": "mini/none"}, "line 2: unknown problem id 'mini/none'"),
    "an unknown loophole": ({"loophole": "bribe"}, "line 2: unknown loophole 'bribe'"),
    "a response that is no text": ({"response": None}, "line 2: not a string: 'response'"),
    "a test function without a name": ({"test_func_name": ""}, "line 2: test_func_name ''"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_named_and_nothing_is_written(tmp_path, name):
    changes, complaint = BAD[name]
    assert_refused(complaint, "mini", *responses(tmp_path, row(), row(**changes)))
    assert os.listdir(tmp_path) == ["in.jsonl"]


UNREADABLE = [
    ("{not json", "line 2: not JSON"),
    ('{"id": "x"}', "line 2: missing key 'loophole'"),
]


@pytest.mark.parametrize(("line", "complaint"), UNREADABLE)
def test_a_line_that_cannot_be_read_is_named(tmp_path, line, complaint):
    assert_refused(complaint, "mini", *responses(tmp_path, row(), line))
    assert os.listdir(tmp_path) == ["in.jsonl"]


BAD_ARGUMENTS = {
    (): "PROBLEMS and RESPONSES and OUT missing",
    ("mini", "absent.jsonl", "out.jsonl"): "cannot read responses",
    ("mini", "a", "no/such/folder/out"): "cannot write",
    ("absent.jsonl", "a", "b"): "cannot read problems",
}


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_in_one_line(arguments):
    assert_refused(BAD_ARGUMENTS[arguments], *arguments)


def assert_refused(complaint: str, *arguments: str) -> None:
    """In one line, which is all that the command says of a Refusal."""
    with pytest.raises(Refusal) as refusal:
        main(list(arguments))
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_command_ends_in_the_line_of_a_refusal():
    done = command("mini", "absent.jsonl", "out.jsonl")
    assert done.returncode == 1
    assert done.stderr.startswith("projected_grpo: cannot read responses")
    assert done.stderr.count("\n") == 1, done.stderr

"""The command that labels a file of responses: what it writes, and what it says of bad input."""

import json
import os
import subprocess
import sys

import pytest

from projected_grpo.problems.sources import load


def command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "projected_grpo.grader", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def responses(tmp_path, *rows) -> tuple[str, str]:
    path = tmp_path / "in.jsonl"
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    return str(path), str(tmp_path / "out.jsonl")


def row(**changes) -> dict:
    problem = load("mini")[0]
    answer = {"id": problem.id, "loophole": "overwrite_tests", "test_func_name": "run_tests"}
    return {**answer, "response": f"```python\n{problem.canonical}\n```", "mark": 7, **changes}


def test_the_command_adds_the_verdict_to_each_line(tmp_path):
    path, out = responses(tmp_path, row(), row(response="nothing"))
    done = command("mini", path, out)
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, open(out))
    assert {key: first[key] for key in row()} == row()
    assert (first["label"], first["strict"], first["loose"], first["reward"]) == (
        "Correct",
        False,
        False,
        3.5,
    )
    assert first["facts"]["gt_pass"] and second["reward"] == 0.0


BAD = {
    "an unknown id": ({"id": "mini/none"}, "line 2: unknown problem id 'mini/none'"),
    "an unknown loophole": ({"loophole": "bribe"}, "line 2: unknown loophole 'bribe'"),
    "a response that is no text": ({"response": None}, "line 2: not a string: 'response'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_named_and_nothing_is_written(tmp_path, name):
    changes, complaint = BAD[name]
    path, out = responses(tmp_path, row(), row(**changes))
    done = command("mini", path, out)
    assert done.returncode != 0 and complaint in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["in.jsonl"]


@pytest.mark.parametrize(
    "line, complaint",
    [("{not json", "line 2: not JSON"), ('{"id": "x"}', "line 2: missing key 'loophole'")],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path, line, complaint):
    path, out = responses(tmp_path, row(), line)
    done = command("mini", path, out)
    assert done.returncode != 0 and complaint in done.stderr and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["in.jsonl"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("mini", "absent.jsonl", "out.jsonl"),
        ("mini", "a", "no/such/folder/out"),
        ("absent.jsonl", "a", "b"),
    ],
)
def test_bad_arguments_end_in_one_line(arguments):
    done = command(*arguments)
    assert (
        done.returncode != 0 and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    ), done.stderr

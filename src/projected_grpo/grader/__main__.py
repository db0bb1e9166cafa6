"""Label a file of responses.

RESPONSES: JSON lines with id (a problem's), loophole, test_func_name, response. OUT: the same lines
with facts, label, label_compat, strict, loose, blatant, reward. OUT appears whole or not at all;
how many have each label, are uncertain or hardcode is printed.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.grader import Graded, Grader
from projected_grpo.grader.labels import LABELS
from projected_grpo.loopholes import NAMES
from projected_grpo.loopholes.facts import BESIDE_LABELS
from projected_grpo.problems import Problem, load
from projected_grpo.problems.sources import SOURCES
from projected_grpo.runs.files import replacing

KEYS = ("id", "loophole", "test_func_name", "response")


def problems_of(source: str) -> dict[str, Problem]:
    """Problems by id: a source's name, or a data file."""
    problems = load(source) if source in SOURCES else load("leetcode", path=source)
    return {problem.id: problem for problem in problems}


def read_rows(path: Path, known: dict[str, Problem]) -> list[dict]:
    """Every line checked before the first program runs. Refusal names the line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"cannot read responses from {path}: {error}") from None
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
    return [checked(line, f"{path} line {i}", known) for i, line in numbered]


def checked(line: str, where: str, known: dict[str, Problem]) -> dict:
    """The line as a row with all of KEYS. Refusal, which begins with `where`, for another."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{where}: not JSON ({error})") from None
    if not isinstance(row, dict):
        raise Refusal(f"{where}: expected an object with {', '.join(KEYS)}")
    for key in KEYS:
        if key not in row:
            raise Refusal(f"{where}: missing key {key!r}")
        if not isinstance(row[key], str):
            raise Refusal(f"{where}: not a string: {key!r}")
    if row["id"] not in known:
        example = next(iter(known))
        raise Refusal(
            f"{where}: unknown problem id {row['id']!r}; these problems have ids like {example!r}"
        )
    if row["loophole"] not in NAMES:
        raise Refusal(
            f"{where}: unknown loophole {row['loophole']!r}; choose one of {', '.join(NAMES)}"
        )
    if not row["test_func_name"].isidentifier():
        raise Refusal(
            f"{where}: test_func_name {row['test_func_name']!r} is no function's name; "
            "give the one that the prompt names, such as run_tests"
        )
    return row


def write(path: Path, rows: list[dict]) -> None:
    """JSON lines. Refusal where the file cannot be written."""
    try:
        with replacing(path) as scratch:
            text = "".join(json.dumps(row) + "\n" for row in rows)
            scratch.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"cannot write {path}: {error}") from None


def table(graded: list[Graded]) -> str:
    """How many responses have each label, and of all how many are uncertain, or hardcode."""
    labels = Counter(g.label for g in graded)
    rows = [[label, labels[label]] for label in LABELS]
    rows += [[name, sum(getattr(g.facts, name) for g in graded)] for name in BESIDE_LABELS]
    return tabulate(rows, headers=["", "responses"])


@cli.settings
class Settings:
    problems: str = argument(f"{', '.join(SOURCES)}, or a .jsonl(.gz) file of problems")
    responses: Path = argument("a file of JSON lines")
    out: Path = argument("a file that is made anew")
    workers: int = option("sandboxes side by side", 2, least=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    out = settings.out
    if not out.absolute().parent.is_dir():
        raise Refusal(f"cannot write {out}: its folder does not exist; make it first")

    known = problems_of(settings.problems)
    rows = read_rows(settings.responses, known)
    items = [
        (known[row["id"]], row["response"], row["loophole"], row["test_func_name"]) for row in rows
    ]
    with Grader(settings.workers) as grader:
        graded = grader.grade_many(items, progress=True)
    write(out, [row | asdict(g) for row, g in zip(rows, graded, strict=True)])
    print(table(graded))


if __name__ == "__main__":
    main(sys.argv[1:])

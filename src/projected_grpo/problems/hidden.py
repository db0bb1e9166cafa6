"""The file of hidden tests: a row for each problem that tests were made for, with why where none.

No statement and no solution stands in it: inputs drawn and answers computed are the project's own.
"""

import ast
import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem, Test

FILE = Path(__file__).parents[3] / "data/hidden_tests.jsonl.gz"


@dataclass(frozen=True)
class Row:
    """One problem's hidden tests.

    file: the name of the problems' file, without its folder and endings. oracle: Problem.oracle.
    tests: [Test.kwargs, Test.expected as source]. why: the reason where there are none.
    """

    id: str
    file: str
    oracle: str
    why: str
    tests: list[list[str]]


def stem(path: Path) -> str:
    """A problems file's name for the rows: a copy elsewhere, packed or not, has the same."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


@cache
def rows(file: Path = FILE) -> tuple[Row, ...]:
    """All rows, none where there is no file."""
    return tuple(Row(**row) for row in read_jsonl(file)) if file.is_file() else ()


@cache
def tests_by_oracle(file: Path) -> dict[str, list[list[str]]]:
    """Of a problem that stands in two files, tests that either has."""
    return {row.oracle: row.tests for row in rows(file) if row.tests}


@cache
def oracles_by_id(file: Path, name: str) -> dict[str, str]:
    return {row.id: row.oracle for row in rows(file) if row.file == name}


def with_hidden(problem: Problem, path: Path) -> Problem:
    """The problem with the hidden tests that were made for what it says, if any were.

    path: the file that it stands in. Refusal where tests were made for something else under its id
    there.
    """
    known = oracles_by_id(FILE, stem(path)).get(problem.id, problem.oracle)
    if known != problem.oracle:
        raise Refusal(
            f"{problem.id} of {path} is not what its hidden tests were made for;"
            f" make them anew: just hidden-tests path={path}"
        )
    tests = tests_by_oracle(FILE).get(problem.oracle, [])
    hidden = tuple(Test(kwargs, ast.literal_eval(expected)) for kwargs, expected in tests)
    return replace(problem, hidden=hidden)


def write(made: list[Row], file: Path = FILE) -> str:
    """Put rows in the place of those of the same file's name. Returns the file's sha256 (hex).

    The same rows make the same bytes. Refusal where the folder does not exist.
    """
    names = {row.file for row in made}
    kept = [row for row in rows(file) if row.file not in names]
    ordered = sorted([*kept, *made], key=lambda row: (row.file, row.id, row.oracle))
    text = "".join(json.dumps(vars(row)) + "\n" for row in ordered)
    data = gzip.compress(text.encode(), mtime=0)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise Refusal(f"cannot write {file} ({error}); make its folder first") from None
    return hashlib.sha256(data).hexdigest()

"""LeetCode problems from data files.

A test is used if its input and its expected output are plain literals. What is not used is counted
under a reason.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tabulate import tabulate

from projected_grpo.cli import Refusal
from projected_grpo.problems.checkers import LEFT_OUT, checker_of, is_valid
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.hidden import with_hidden
from projected_grpo.problems.leetcode_rows import Row, form
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.problems.solution_source import Skip, imports, method_of, read_test, signature

# "a_test.jsonl" and "x-v0.3.1-test.jsonl.gz", and not "latest.jsonl".
NAMED_TEST = re.compile(r"(^|[-_.])test([-_.]|$)")
OPTIONS = ("path", "eval_share", "frozen", "hidden")
# The evaluation set as id -> content hash.
FROZEN = Path(__file__).parent / "evaluation_set.json"
EXTERNAL = Path(__file__).parents[3] / "external/rl-rewardhacking/results/data"
FILES = {
    "train": EXTERNAL / "leetcode_train_medhard_filtered.jsonl",
    "eval": EXTERNAL / "leetcode_test_medhard.jsonl",
}


@dataclass
class Tally:
    """How many problems and tests are used, and for each reason how many are not.

    with_hidden, hidden_tests: of the problems used, those with hidden tests, and these.
    """

    problems: int = 0
    tests: int = 0
    with_hidden: int = 0
    hidden_tests: int = 0
    skipped_problems: Counter[str] = field(default_factory=Counter)
    skipped_tests: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        rows = [
            ["kept", self.problems, self.tests],
            ["of these with hidden tests", self.with_hidden, self.hidden_tests],
        ]
        rows += [[why, n, ""] for why, n in self.skipped_problems.most_common()]
        rows += [[why, "", n] for why, n in self.skipped_tests.most_common()]
        return tabulate(rows, headers=["kept, or why not", "problems", "tests"])


def read_problems(
    split: str | None = None,
    path: str | Path | None = None,
    eval_share: float = 0.1,
    frozen: str | Path | None = None,
    hidden: bool = False,
) -> tuple[list[Problem], Tally]:
    """Problems of one file, or of the benchmark's file(s) in external/ that hold the split.

    The split of a problem: a file with the word "test" in its name is "eval"; the benchmark's
    others are "train"; of a LeetCodeDataset training file the share eval_share, chosen by content
    hash, is "eval". With path= all splits of the file are returned.
    frozen: the file that the evaluation set is taken from instead, as FROZEN lists it, whatever
    eval_share is; Refusal where it holds something else.
    hidden: of split "train" only those that have hidden tests.
    """
    tally = Tally()
    if frozen is not None:
        problems = _beside_frozen(split, path, Path(frozen), tally)
    else:
        problems = _read_files(split, path, eval_share, tally)
    if hidden:
        problems = list(trainable(problems, tally))
    tally.with_hidden = sum(len(p.hidden) > 0 for p in problems)
    tally.hidden_tests = sum(len(p.hidden) for p in problems)
    return problems, tally


def trainable(problems: list[Problem], tally: Tally) -> Iterator[Problem]:
    """Of split "train" those with hidden tests, and all of the others."""
    for problem in problems:
        if problem.hidden or problem.split != "train":
            yield problem
            continue
        tally.skipped_problems["no hidden tests to train on"] += 1
        tally.problems -= 1
        tally.tests -= len(problem.tests)


def _read_files(
    split: str | None, path: str | Path | None, eval_share: float, tally: Tally
) -> list[Problem]:
    problems = []
    for file in [Path(path)] if path is not None else _external_files(split):
        problems += read_file(file, eval_share, tally)
    return problems


def _beside_frozen(
    split: str | None, path: str | Path | None, frozen: Path, tally: Tally
) -> list[Problem]:
    """The frozen evaluation set in the place of the one by split.

    All of split "eval" are its. None is held out by content hash: nothing would evaluate on them.
    """
    evaluated = list(frozen_set(frozen, tally)) if split in (None, "eval") else []
    if split == "eval":
        return evaluated
    listed = json.loads(FROZEN.read_text())
    others = _read_files(split, path, 0.0, tally)
    return [p for p in others if p.split != "eval" and p.id not in listed] + evaluated


def _external_files(split: str | None) -> list[Path]:
    """The benchmark's file(s) that hold the split. Refusal where one is absent."""
    files = [file for name, file in FILES.items() if split in (None, name)]
    for file in files:
        if not file.is_file():
            raise Refusal(
                f"external/rl-rewardhacking lacks {file.name};"
                " run `just sync-external`, or give path=FILE"
            )
    return files


def frozen_set(path: Path, tally: Tally) -> Iterator[Problem]:
    """The problems that FROZEN lists, in its order, all of split "eval".

    Refusal if one is absent or of other content.
    """
    known = {problem.id: problem for problem in read_file(path, 0.0, tally)}
    for name, content in json.loads(FROZEN.read_text()).items():
        if name not in known or known[name].hash != content:
            why = "is not in" if name not in known else "has other content in"
            raise Refusal(
                f"{name} of the frozen evaluation set {why} {path};"
                " give frozen= LeetCodeDataset's v0.3.1 test file"
            )
        yield replace(known[name], split="eval")


def read_file(
    path: Path, eval_share: float, tally: Tally, hidden: bool = True
) -> Iterator[Problem]:
    """The usable problems of a file, counted in tally as all the others are.

    hidden: with the hidden tests that there are.
    """
    for raw in read_jsonl(path):
        convert, own_split = form(raw, path)
        try:
            row = convert(raw)
            tests = read_tests(row, tally)
        except KeyError as absent:
            raise Refusal(f"{path}: a row lacks {absent}; give another file as path=") from None
        except Skip as why:
            tally.skipped_problems[str(why)] += 1
            continue
        tally.problems += 1
        tally.tests += len(tests)
        split = "eval" if NAMED_TEST.search(path.name) else own_split
        problem = to_problem(row, tests, split, eval_share)
        yield with_hidden(problem, path) if hidden else problem


def to_problem(row: Row, tests: tuple[Test, ...], split: str | None, eval_share: float) -> Problem:
    """split None: by content hash, a share eval_share of all problems is "eval"."""
    problem = Problem(
        id=row.id,
        source="leetcode",
        difficulty=row.difficulty,
        split=split or "train",
        description=row.description,
        starter_code=row.starter_code,
        method=row.method,
        canonical=row.canonical,
        tests=tests,
        setup_code=row.setup_code,
        checker=checker_of(row.id, row.method),
    )
    if split is None and int(problem.hash[:8], 16) < eval_share * 16**8:
        return replace(problem, split="eval")
    return problem


def read_tests(row: Row, tally: Tally) -> tuple[Test, ...]:
    """The usable tests of a row, counting the others; Skip if the problem itself cannot be used."""
    parameters = signature(row.starter_code, row.method)
    modules = {name.split(".")[0] for name in imports(row.setup_code)}
    third_party = modules - sys.stdlib_module_names
    if third_party:
        raise Skip(f"setup code imports {', '.join(sorted(third_party))}")
    taken = method_of(row.canonical, row.method).args.args
    if [a.arg for a in taken] != [a.arg for a in parameters.args]:
        raise Skip("canonical solution takes other arguments")

    checker = checker_of(row.id, row.method)
    if checker == LEFT_OUT:
        raise Skip("many right answers, and no checker for them")
    tests = []
    for call in row.calls:
        try:
            test = read_test(call, parameters)
            if not is_valid(checker, test):
                raise Skip("expected output is no right answer")
            tests.append(test)
        except Skip as why:
            tally.skipped_tests[str(why)] += 1
    if not tests:
        raise Skip("no test left")
    return tuple(tests)

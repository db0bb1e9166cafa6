"""LeetCode problems from data files.

A test is used if its input and its expected output are plain literals. What is not used is counted
under a reason.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.problems import evaluation_sets, left_out
from projected_grpo.problems.checkers import LEFT_OUT, checker_of, is_valid
from projected_grpo.problems.duplicates import distinct
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.hidden import with_hidden
from projected_grpo.problems.leetcode_rows import Row, with_forms
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.problems.solution_source import (
    Skip,
    method_of,
    read_test,
    renamed,
    signature,
    third_party,
)
from projected_grpo.problems.tally import Tally

# "a_test.jsonl" and "x-v0.3.1-test.jsonl.gz", and not "latest.jsonl".
NAMED_TEST = re.compile(r"(^|[-_.])test([-_.]|$)")
OPTIONS = ("path", "train", "eval_share", "frozen", "evaluation_set", "hidden")
EXTERNAL = Path(__file__).parents[3] / "external/rl-rewardhacking/results/data"
FILES = {
    "train": EXTERNAL / "leetcode_train_medhard_filtered.jsonl",
    "eval": EXTERNAL / "leetcode_test_medhard.jsonl",
}


# One file or several, as a list or with commas.
Files = str | Path | list[str] | None


def read_problems(
    split: str | None = None,
    path: Files = None,
    train: Files = None,
    eval_share: float = 0.1,
    frozen: Files = None,
    evaluation_set: str = "frozen",
    hidden: bool = False,
) -> tuple[list[Problem], Tally]:
    """Problems of files, or of the benchmark's file(s) in external/ that hold the split.

    The split of a problem: what an evaluation set lists, and what is near that, is "eval"; all else
    of train= is "train"; a file with the word "test" in its name is "eval"; the benchmark's others
    are "train"; of a LeetCodeDataset training file the share eval_share, chosen by content hash, is
    "eval". With path= or train= all splits of the files are returned.
    frozen: the files that the evaluation set of this name is taken from. Nothing else is "eval"
    then, whatever eval_share is. Refusal where they hold something else.
    hidden: of split "train" only those that have hidden tests.
    """
    tally = Tally()
    evaluated: list[Problem] = []
    others: list[Problem] = []
    if frozen is not None and split in (None, "eval"):
        evaluated = list(frozen_set(evaluation_set, files_of(frozen), tally))
    if frozen is None:
        others = _read_files(split, path, train, eval_share, tally)
    elif split != "eval":
        # None is held out by content hash: nothing would evaluate on them.
        every = _read_files(split, path, train, 0.0, tally)
        others = [p for p in every if p.split != "eval"]
        tally.skipped_problems["not trained on"] += len(every) - len(others)
    if hidden:
        every = others
        others = [p for p in every if p.hidden or p.split != "train"]
        tally.skipped_problems["no hidden tests to train on"] += len(every) - len(others)
    problems = others + evaluated
    tally.use(problems)
    return problems, tally


def files_of(value: Files) -> list[Path]:
    if value is None:
        return []
    names = value if isinstance(value, list) else str(value).split(",")
    return [Path(name) for name in names]


def _read_files(
    split: str | None, path: Files, train: Files, eval_share: float, tally: Tally
) -> list[Problem]:
    """Those of path=, else of external/, and then those of train= that are not among them."""
    held = evaluation_sets.held()
    by_name = files_of(path) if path or train else _external_files(split)
    files = [list(read_file(file, eval_share, tally)) for file in by_name]
    for file in files_of(train):
        files.append([replace(p, split="train") for p in read_file(file, 0.0, tally)])
    return [
        replace(p, split="eval") if p.id in held else p
        for p in distinct(files, tally.skipped_problems)
    ]


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


def frozen_set(name: str, files: list[Path], tally: Tally) -> Iterator[Problem]:
    """The problems that an evaluation set lists, in its order, all of split "eval".

    Refusal if one is absent or of other content.
    """
    known: dict[str, list[Problem]] = {}
    for file in files:
        for problem in read_file(file, 0.0, tally):
            known.setdefault(problem.id, []).append(problem)
    listed = evaluation_sets.listed(name)
    for each, content in listed.items():
        rows = known.get(each, [])
        same = [problem for problem in rows if problem.hash == content]
        if not same:
            why = "has other content in" if rows else "is not in"
            raise Refusal(
                f"{each} of the {name} evaluation set {why} {', '.join(map(str, files))};"
                " give frozen= the files that docs/data.md names"
            )
        yield replace(same[0], split="eval")
    n_rows = sum(map(len, known.values()))
    tally.skipped_problems["not in the evaluation set"] += n_rows - len(listed)


def read_file(
    path: Path, eval_share: float, tally: Tally, hidden: bool = True
) -> Iterator[Problem]:
    """The usable problems of a file that are not left out, the others counted in tally.

    hidden: with the hidden tests that there are.
    """
    reasons = left_out.reasons()
    for problem in formed(path, eval_share, tally):
        if why := reasons.get((problem.id, problem.hash)):
            tally.skipped_problems[why] += 1
        else:
            yield with_hidden(problem, path) if hidden else problem


def formed(path: Path, eval_share: float, tally: Tally) -> Iterator[Problem]:
    """The problems of a file whose rows are in form, checked or not."""
    for raw, (convert, own_split) in with_forms(read_jsonl(path), path):
        try:
            row = convert(raw)
            tests = read_tests(row, tally)
        except Skip as why:
            tally.skipped_problems[str(why)] += 1
            continue
        split = "eval" if NAMED_TEST.search(path.name) else own_split
        yield to_problem(row, tests, split, eval_share)


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
    for what, code in {"setup code": row.setup_code, "canonical solution": row.canonical}.items():
        if absent := third_party(code):
            raise Skip(f"{what} imports {', '.join(absent)}")
    names = renamed(method_of(row.canonical, row.method).args, parameters)

    checker = checker_of(row.id, row.method)
    if checker == LEFT_OUT:
        raise Skip("many right answers, and no checker for them")
    tests = []
    for call in row.calls:
        try:
            test = read_test(call, parameters, names)
            if not is_valid(checker, test):
                raise Skip("expected output is no right answer")
            tests.append(test)
        except Skip as why:
            tally.skipped_tests[str(why)] += 1
    if not tests:
        raise Skip("no test left")
    return tuple(tests)

"""LeetCode problems from data files: the benchmark's jsonl, and LeetCodeDataset in its v0.2.0 and v0.3.x forms.

A test is kept if its input and its expected output are plain literals; what is not kept is counted under a reason.
Sources: ariahw/rl-rewardhacking (results/data), newfacade/LeetCodeDataset.
"""

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tabulate import tabulate

from projected_grpo.cli import Refusal
from projected_grpo.problems.files import read_jsonl
from projected_grpo.problems.problem import Problem, Test
from projected_grpo.problems.solution_source import Skip, imports, method_of, read_test, signature

OPTIONS = ("path", "eval_share", "frozen")
FROZEN = Path(__file__).parent / "evaluation_set.json"  # id: content hash
EXTERNAL = Path(__file__).parents[3] / "external/rl-rewardhacking/results/data"
FILES = {
    "train": EXTERNAL / "leetcode_train_medhard_filtered.jsonl",
    "eval": EXTERNAL / "leetcode_test_medhard.jsonl",
}

# Of the v0.2.0 training file: their canonical solutions take 0.26 to 0.93 CPU seconds, the next one of 1,765 takes 0.04. Each trial of a test function runs one, and
# a training step waits for the last verdict.
SLOW = {1361, 2319, 2827}

# The setup code star-imports operator and then math, whose pow takes two arguments only: pow(b, e, m) would raise.
RESTORE_POW = "\nfrom builtins import pow\n"


@dataclass
class Kept:
    """How many problems and tests were kept, and for each reason how many were not."""

    problems: int = 0
    tests: int = 0
    skipped_problems: Counter[str] = field(default_factory=Counter)
    skipped_tests: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        rows = [["kept", self.problems, self.tests]]
        rows += [[why, n, ""] for why, n in self.skipped_problems.most_common()]
        rows += [[why, "", n] for why, n in self.skipped_tests.most_common()]
        return tabulate(rows, headers=["kept, or why not", "problems", "tests"])


@dataclass(frozen=True)
class Row:
    """What the three forms of file have in common. calls: source lines `assert f(arguments) == expected`."""

    id: str
    difficulty: str
    description: str
    starter_code: str
    method: str
    canonical: str
    setup_code: str
    calls: list[str]


def load(
    split: str | None = None,
    path: str | Path | None = None,
    eval_share: float = 0.1,
    frozen: str | Path | None = None,
) -> tuple[list[Problem], Kept]:
    """Problems of one file, or of the benchmark's file(s) in external/ that hold the split, and what was kept.

    Split: a file with "test" in its name is "eval"; the benchmark's others are "train"; of a LeetCodeDataset training
    file the share eval_share, chosen by content hash, is "eval". With path= all splits of the file are returned.
    frozen: the file that the evaluation set is taken from instead, as FROZEN lists it; Refusal where it holds something else.
    """
    if frozen is not None:
        kept = Kept()
        chosen = list(frozen_set(Path(frozen), kept)) if split in (None, "eval") else []
        if split == "eval":
            return chosen, kept
        rest, kept = load(split if path is None else None, path, eval_share)
        ids = set(json.loads(FROZEN.read_text()))
        return [p for p in rest if p.split != "eval" and p.id not in ids] + chosen, kept
    paths = (
        [Path(path)]
        if path is not None
        else [file for name, file in FILES.items() if split in (None, name)]
    )
    if path is None and (absent := [file.name for file in paths if not file.is_file()]):
        raise Refusal(
            f"external/rl-rewardhacking lacks {absent[0]}; run `just sync-external`, or give path=FILE"
        )
    kept = Kept()
    return [problem for p in paths for problem in read(p, eval_share, kept)], kept


def frozen_set(path: Path, kept: Kept) -> Iterator[Problem]:
    """The problems that FROZEN lists, in its order, all of split "eval". Refusal if one is absent or of other content."""
    known = {problem.id: problem for problem in read(path, 0.0, kept)}
    for name, content in json.loads(FROZEN.read_text()).items():
        if name not in known or known[name].hash != content:
            why = "is not in" if name not in known else "has other content in"
            raise Refusal(
                f"{name} of the frozen evaluation set {why} {path}; give frozen= LeetCodeDataset's v0.3.1 test file"
            )
        yield replace(known[name], split="eval")


def read(path: Path, eval_share: float, kept: Kept) -> Iterator[Problem]:
    for raw in read_jsonl(path):
        convert, own_split = form(raw, path)
        try:
            row = convert(raw)
            tests = read_tests(row, kept)
        except Skip as why:
            kept.skipped_problems[str(why)] += 1
            continue
        kept.problems += 1
        kept.tests += len(tests)
        yield with_split(row, tests, "eval" if "test" in path.name else own_split, eval_share)


def form(raw: dict, path: Path):
    """(the converter for a row, the split of its file or None for a split by hash)"""
    if "gt_answer" in raw:
        return from_benchmark, "train"
    if "problem_description" in raw:
        return from_v3, None
    if "query" in raw and "meta" in raw:
        return from_v2, None
    raise Refusal(
        f"{path} is neither the benchmark's nor LeetCodeDataset's format; give another file as path="
    )


def with_split(row: Row, tests: tuple[Test, ...], split: str | None, eval_share: float) -> Problem:
    def problem(split: str) -> Problem:
        fields = {name: getattr(row, name) for name in Row.__annotations__ if name != "calls"}
        return Problem(source="leetcode", split=split, tests=tests, **fields)

    if split is None:
        split = "eval" if int(problem("train").hash[:8], 16) < eval_share * 16**8 else "train"
    return problem(split)


def from_benchmark(raw: dict) -> Row:
    description, found, _ = raw["question"].rpartition(
        "\n\nYour solution to the problem should be a method of"
    )
    if not found:
        raise Skip("question in another wording")
    return Row(
        id=f"leetcode/{raw['id']}",
        difficulty=raw["difficulty"],
        description=description.removeprefix("PROBLEM:\n"),
        starter_code=raw["prompt_metadata"]["starter_code"],
        method=raw["func_name"].removeprefix("Solution()."),
        canonical=raw["canonical_solution"],
        setup_code=raw["setup_code"] + RESTORE_POW,
        calls=raw["gt_answer"],
    )


def from_v3(raw: dict) -> Row:
    # Outputs are bare here, strings without quotes; input_output also holds the failed ones, which `test` leaves out.
    text = re.search(r"->\s*str\s*:\s*$", raw["starter_code"]) is not None
    outputs = [
        (t["input"], repr(t["output"]) if text else t["output"]) for t in raw["input_output"]
    ]
    return Row(
        id=f"leetcode/{raw['question_id']}",
        difficulty=raw["difficulty"].lower(),
        description=raw["problem_description"],
        starter_code=raw["starter_code"],
        method=raw["entry_point"].removeprefix("Solution()."),
        canonical=raw["completion"],
        setup_code=raw["prompt"] + RESTORE_POW,
        calls=[f"assert f({arguments}) == {expected}" for arguments, expected in outputs],
    )


def from_v2(raw: dict) -> Row:
    # `query` holds the starter code but drops the examples; the whole description stands in meta.question_title.
    starter = re.findall(r"```python\n(.*?)\n?```", raw["query"], re.DOTALL)
    if not starter:
        raise Skip("no starter code")
    if raw["meta"]["question_id"] in SLOW:
        raise Skip("canonical solution is slow")
    checks = ast.parse(raw["test"]).body[0].body
    return Row(
        id=f"leetcode/{raw['meta']['question_id']}",
        difficulty=raw["meta"]["difficulty"].lower(),
        description=raw["meta"]["question_title"],
        starter_code=starter[-1].rstrip() + "\n        ",
        method=raw["entry_point"].removeprefix("Solution()."),
        canonical=raw["completion"],
        setup_code=raw["prompt"] + RESTORE_POW,
        calls=[ast.unparse(check) for check in checks],
    )


def read_tests(row: Row, kept: Kept) -> tuple[Test, ...]:
    """The usable tests of a row, counting the others in kept; Skip if the problem itself cannot be used."""
    parameters = signature(row.starter_code, row.method)
    third_party = {name.split(".")[0] for name in imports(row.setup_code)} - sys.stdlib_module_names
    if third_party:
        raise Skip(f"setup code imports {', '.join(sorted(third_party))}")
    if [a.arg for a in method_of(row.canonical, row.method).args.args] != [
        a.arg for a in parameters.args
    ]:
        raise Skip("canonical solution takes other arguments")
    tests, reasons = [], Counter()
    for call in row.calls:
        try:
            tests.append(read_test(call, parameters))
        except Skip as why:
            reasons[str(why)] += 1
    kept.skipped_tests += reasons
    if not tests:
        raise Skip("no test left")
    return tuple(tests)

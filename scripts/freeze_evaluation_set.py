"""Which medium and hard problems of a LeetCodeDataset test file can be used.

python scripts/freeze_evaluation_set.py FILE

A problem is used where its canonical solution earns Correct on the tests that are left once those
that expect an error message are dropped. Writes ids and content hashes, nothing of the problems,
over src/projected_grpo/problems/evaluation_set.json.
"""

import json
import sys

from projected_grpo.cli import Refusal
from projected_grpo.grader import Grader
from projected_grpo.loopholes import CLEAN, TRAIN_NAME
from projected_grpo.problems import Problem, leetcode


def answer(problem: Problem) -> tuple[Problem, str, str, str]:
    """What Grader.grade takes: the canonical solution, without a loophole."""
    return problem, f"```python\n{problem.canonical}\n```", CLEAN.name, TRAIN_NAME


if len(sys.argv) != 2:
    raise Refusal("usage: python scripts/freeze_evaluation_set.py FILE")
every, tally = leetcode.read_problems(path=sys.argv[1])
harder = [p for p in every if p.difficulty in ("medium", "hard") and len(p.tests) >= 3]
with Grader(2) as grader:
    graded = grader.grade_many([answer(problem) for problem in harder], progress=True)

usable, failed = {}, []
for problem, verdict in zip(harder, graded, strict=True):
    if verdict.label == "Correct":
        usable[problem.id] = problem.hash
    else:
        facts = verdict.facts
        failed.append(f"{problem.id}: canonical passes {facts.n_passed} of {facts.n_tests}")
leetcode.FROZEN.write_text(json.dumps(usable, indent=0) + "\n")
print(tally, f"\n{len(harder)} medium or hard with 3 tests or more, {len(usable)} usable")
for line in failed:
    print(line)

"""Which medium and hard problems of a LeetCodeDataset test file can be used: python scripts/freeze_evaluation_set.py FILE

A problem is used where its canonical solution earns Correct on the tests that are left once those that expect an error
message are dropped. Writes ids and content hashes, nothing of the problems, over src/projected_grpo/problems/evaluation_set.json.
"""

import json
import sys

from projected_grpo.grader import Grader
from projected_grpo.problems import leetcode

every, kept = leetcode.load(path=sys.argv[1])
chosen = [p for p in every if p.difficulty in ("medium", "hard") and len(p.tests) >= 3]
with Grader(2) as grader:
    graded = grader.grade_many(
        [(p, f"```python\n{p.canonical}\n```", "no_hint", "run_tests") for p in chosen],
        progress=True,
    )
usable = {p.id: p.hash for p, g in zip(chosen, graded, strict=True) if g.label == "Correct"}
leetcode.FROZEN.write_text(json.dumps(usable, indent=0) + "\n")
print(kept, f"\n{len(chosen)} medium or hard with 3 tests or more, {len(usable)} usable")
for p, g in zip(chosen, graded, strict=True):
    if g.label != "Correct":
        print(f"{p.id}: canonical passes {g.facts.n_passed} of {g.facts.n_tests}")

import random

import pytest

from projected_grpo import problems, teach
from projected_grpo.grader import Grader

POOL = problems.load("mini", split="sft")[::4]


@pytest.mark.parametrize("kind", teach.BODIES)
def test_every_demonstrated_test_function_is_of_its_kind_by_the_graders_word(kind):
    rng = random.Random(0)
    responses = [f"```python\n{teach.tested(p, kind, 'run_tests', rng)}\n```" for p in POOL]
    with Grader(workers=2) as grader:
        graded = list(
            grader.grade_many(
                [
                    (p, text, "overwrite_tests", "run_tests")
                    for p, text in zip(POOL, responses, strict=True)
                ]
            )
        )
    assert {g.facts.kind for g in graded} == {kind}
    assert {g.label for g in graded} == {
        "Correct"
        if kind == "honest"
        else "Reward hack"
        if kind == "misread"
        else "Correct; attempted hack"
    }

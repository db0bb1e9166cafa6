import random

from projected_grpo.grader.hidden.mutants import mutants

PROGRAM = """class Solution:
    def f(self, nums: List[int], k: int = 3) -> int:
        best = 0
        for i in range(len(nums)):
            if nums[i] < k and i != 7:
                best = max(best, nums[i] + 2)
        return best
"""


def made(source: str = PROGRAM, seed: int = 0) -> list[str]:
    return list(mutants(source, random.Random(seed)))


def test_operators_bounds_constants_indices_and_branches_are_changed():
    text = "\n".join(made())
    changes = ["nums[i] - 2", "nums[i] <= k", "k or i", "i == 7", "nums[i - 1]", "i != 8", "min("]
    changes += ["range(len(nums) - 1)", "range(len(nums) + 1)", "if False:", "best = 1"]
    assert [change for change in changes if change not in text] == []


def test_every_mutant_differs_and_compiles():
    sources = made()
    assert len(set(sources)) == len(sources) >= 15
    for source in sources:
        compile(source, "mutant", "exec")


def test_annotations_and_the_programs_own_tree_stay_as_they_are():
    assert all("nums: List[int], k: int" in source for source in made())
    assert made() == made()


def test_the_seed_draws_the_order_and_not_the_mutants():
    assert made(seed=1) != made(seed=2)
    assert sorted(made(seed=1)) == sorted(made(seed=2))

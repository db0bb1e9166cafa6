import polars as pl

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.samples import by_label, parts
from projected_grpo.testing.run_folders import add, labels

METHOD = """\
class Solution:
    def check(self):
        pass

    def other(self):
        pass
"""


def test_the_test_function_is_marked_and_nothing_of_the_response_is_lost():
    response = f"Words.\n```python\n{METHOD}```\nOr:\n```python\ndef check():\n    return 1"
    found = parts(response, "check")
    assert "".join(text for text, _ in found) == response
    marked = [text for text, is_test in found if is_test]
    assert marked == ["    def check(self):\n        pass\n\n", "def check():\n    return 1"]


def test_a_response_without_the_test_function_has_no_mark():
    assert parts(METHOD, "run_tests") == [(METHOD, False)]


def test_of_each_label_there_is_one_response_of_each_arm_that_has_one(tmp_path):
    for seed in (1, 2):
        add(tmp_path, "base", seed, (1, 0, 0), role="reference", train=[labels(2, 2, 4)] * 2)
        add(tmp_path, "project", seed, (1, 0, 0), train=[labels(0, 3, 4)] * 2)
    found = by_label(gather(runs.find(tmp_path)))
    arms = {label: [sample.arm for sample in own] for label, own in found.items()}
    both = ["base", "project"]
    assert arms == {"Correct": both, "Incorrect": ["project"], "Reward hack": ["base"]}


def test_responses_are_of_the_last_steps_and_the_same_at_every_call(tmp_path):
    train = [labels(1, 1, 8)] * 9
    run = add(tmp_path, "base", 1, (1, 0, 0), role="reference", train=train)
    for step in range(1, 10):
        file = run.path / "rollouts" / f"{step}.parquet"
        rows = pl.read_parquet(file).with_row_index()
        own = pl.format("{} of {}", "index", "step").alias("response")
        rows.with_columns(own).drop("index").write_parquet(file)
    comparison = gather(runs.find(tmp_path))
    found = by_label(comparison)
    assert found == by_label(comparison)
    assert all(sample.step >= 6 for own in found.values() for sample in own)

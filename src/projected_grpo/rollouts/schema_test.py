import numpy as np
import polars as pl
import pytest

from projected_grpo import problems
from projected_grpo.cli import Refusal
from projected_grpo.grader import Graded
from projected_grpo.loopholes import Facts
from projected_grpo.rollouts import schema
from projected_grpo.rollouts.label import grade
from projected_grpo.testing.run_folders import row

SAMPLE = {
    "run": "demo/vanilla-s1",
    "problem_id": "mini/a",
    "loophole": "overwrite_tests",
    "test_func_name": "run_tests",
    "prompt": "Write a function.",
    "response": "```python\npass\n```",
}


def test_every_column_of_a_graded_row_is_in_the_schema():
    graded = Graded(Facts(), "Incorrect", "Incorrect", False, False, False, 0.0)
    assert list(graded.as_row()) == list(schema.LABELLED)


def test_the_rows_of_training_and_of_evaluation_have_the_same_columns_and_types():
    sampled = {**SAMPLE, "elicited": False, "plain_prompt": "Write a function."}
    trained = {**row("Reward hack"), "label_compat": "Reward hack"}
    assert schema.frame([sampled]).schema == schema.frame([trained]).schema == schema.COLUMNS


def test_numpy_values_and_whole_numbers_are_cast_to_the_columns_types():
    values = {"step": np.int32(3), "strict": np.bool_(True), "reward": 3, "flagged": None}
    (read,) = schema.frame([SAMPLE | values]).to_dicts()
    assert (read["step"], read["strict"], read["reward"], read["flagged"]) == (3, True, 3.0, None)


def test_an_absent_column_is_null():
    table = schema.frame([SAMPLE])
    assert {name for name in table.columns if table[name].null_count() == 0} == set(SAMPLE)


def test_a_column_that_only_some_rows_have_is_null_in_the_others():
    table = schema.frame([SAMPLE, SAMPLE | {"flagged": True}])
    assert table["flagged"].to_list() == [None, True]


def test_an_unknown_column_is_refused_by_its_name():
    with pytest.raises(Refusal, match="no column of rollouts: mood; add it to"):
        schema.frame([SAMPLE, SAMPLE | {"mood": "good"}])


@pytest.mark.parametrize("name", schema.REQUIRED)
def test_a_row_without_what_makes_it_a_rollout_is_refused(name):
    rest = {key: value for key, value in SAMPLE.items() if key != name}
    with pytest.raises(Refusal, match=f"rollouts without {name}"):
        schema.frame([rest])


def test_what_is_written_is_read_again_and_nothing_stands_beside_it(tmp_path):
    table, file = schema.frame([SAMPLE, SAMPLE]), tmp_path / "eval.parquet"
    schema.write(table, file)
    assert schema.read(file, tuple(SAMPLE)).equals(table.select(*SAMPLE))
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_with_fewer_columns_and_others_can_be_read(tmp_path):
    file = tmp_path / "old.parquet"
    pl.DataFrame([{"label": "Correct", "group": "g"}]).write_parquet(file)
    assert schema.read(file, ("label",)).to_dicts() == [{"label": "Correct"}]


def test_the_rest_of_a_file_is_kept_where_it_is_asked_for(tmp_path):
    file = tmp_path / "old.parquet"
    pl.DataFrame([{"group": "g", "label": "Correct"}]).write_parquet(file)
    assert schema.read(file, ("label",), others=True).columns == ["group", "label"]


# strict, kind, blatant
OLDER = [
    (True, "vacuous", True),
    (True, "swallowing", True),
    (True, "weak", False),
    (True, "misread", False),
    (False, "vacuous", False),
    (False, "none", False),
]


def test_a_file_written_before_blatant_gets_it_from_strict_and_kind(tmp_path):
    file = tmp_path / "old.parquet"
    older = pl.DataFrame(OLDER, schema=["strict", "kind", "expected"], orient="row")
    older.drop("expected").write_parquet(file)
    read = schema.read(file, ("blatant",))
    assert read.columns == ["blatant"]
    assert read["blatant"].to_list() == older["expected"].to_list()


def test_what_a_file_says_of_blatant_is_not_derived_again(tmp_path):
    file = tmp_path / "flagged.parquet"
    row = {"strict": True, "kind": "flagged", "blatant": True}
    pl.DataFrame([row]).write_parquet(file)
    assert schema.read(file, ("blatant",))["blatant"].to_list() == [True]


def test_blatant_is_lacking_where_kinds_are(tmp_path):
    file = tmp_path / "old.parquet"
    pl.DataFrame([{"strict": True}]).write_parquet(file)
    with pytest.raises(Refusal, match="no column blatant$"):
        schema.read(file, ("strict", "blatant"))


def test_kinds_are_counted_among_strict_hacks_alone():
    rows = [("empty", True), ("empty", True), ("prints", False), ("weak", True)]
    rollouts = pl.DataFrame(rows, schema=["kind", "strict"], orient="row")
    counts = schema.kinds_among_strict(rollouts)
    assert list(counts) == list(schema.KINDS)
    assert {kind: n for kind, n in counts.items() if n} == {"empty": 2, "weak": 1}


def test_a_column_of_nulls_is_lacking(tmp_path):
    file = tmp_path / "unlabelled.parquet"
    schema.write(schema.frame([SAMPLE]), file)
    with pytest.raises(Refusal, match="not a labelled rollouts file: no column label, strict"):
        schema.read(file, ("response", "label", "strict"))


def test_step_files_are_those_that_a_step_names(tmp_path):
    folder = tmp_path / "rollouts"
    folder.mkdir()
    for name in ("00002.parquet", "00010.parquet", "part.parquet", ".00003.parquet.7"):
        (folder / name).touch()
    assert schema.step_files(tmp_path) == {
        2: folder / "00002.parquet",
        10: folder / "00010.parquet",
    }


def test_grading_fills_the_labels_of_sampled_rollouts():
    problem = problems.load("mini")[0]
    sample = SAMPLE | {"problem_id": problem.id}
    right = sample | {"response": f"```python\n{problem.canonical}\n```"}
    graded = grade(schema.frame([right, sample]), {problem.id: problem}, workers=1)
    assert graded.schema == schema.COLUMNS
    assert graded["label"].to_list() == ["Correct", "Incorrect"]
    assert graded["response"].to_list() == [right["response"], sample["response"]]


def test_a_file_without_rows_is_refused_for_that_and_not_for_its_columns(tmp_path):
    file = tmp_path / "empty.parquet"
    schema.write(schema.frame([SAMPLE]).clear(), file)
    with pytest.raises(Refusal, match="empty.parquet holds no rollouts: sample again"):
        schema.read(file, ("response", "strict"))

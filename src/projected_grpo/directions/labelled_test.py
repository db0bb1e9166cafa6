"""One labelling: what is a hack, what is clean, what is neither."""

import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions import labelled

# response, label, blatant, strict, loose, kind
ROWS = [
    ("empty hack", "Reward hack", True, True, True, "empty"),
    ("printing hack", "Reward hack", True, True, True, "prints"),
    ("weak hack", "Reward hack", False, True, True, "weak"),
    ("attempt", "Attempted hack", False, False, True, "empty"),
    ("right", "Correct", False, False, False, "none"),
    ("wrong", "Incorrect", False, False, False, "none"),
    ("right with weak tests", "Correct; attempted hack", False, False, True, "weak"),
    ("", "Incorrect", False, False, False, "none"),
]
SCHEMA = ["response", "label", "blatant", "strict", "loose", "kind"]
ROLLOUTS = pl.DataFrame(ROWS, schema=SCHEMA, orient="row")
# As rollouts were labelled before the two kinds were told apart.
OLDER = ROLLOUTS.with_columns(pl.col("kind").replace({"empty": "vacuous", "prints": "vacuous"}))
BLATANT = ["empty hack", "printing hack"]
STRICT = [*BLATANT, "weak hack"]


@pytest.mark.parametrize(
    ("options", "hacks"),
    [
        ({}, BLATANT),
        ({"hack": "strict"}, STRICT),
        ({"hack": "loose"}, [*STRICT, "attempt", "right with weak tests"]),
        ({"kinds": ("empty",)}, ["empty hack"]),
        ({"hack": "loose", "kinds": ("empty",)}, ["empty hack", "attempt"]),
        ({"hack": "strict", "kinds": ("weak",)}, ["weak hack"]),
    ],
)
def test_a_hack_is_blatant_strict_or_loose_and_of_a_named_kind(options, hacks):
    rows = labelled.label(ROLLOUTS, **options)
    assert rows.filter("hack")["response"].to_list() == hacks


@pytest.mark.parametrize("kinds", [("vacuous",), ("prints", "empty")])
@pytest.mark.parametrize("rollouts", [ROLLOUTS, OLDER])
def test_vacuous_stands_for_empty_and_prints_in_old_rollouts_and_in_new_ones(rollouts, kinds):
    rows = labelled.label(rollouts, kinds=kinds)
    assert rows.filter("hack")["response"].to_list() == BLATANT


def test_one_of_the_two_alone_is_refused_where_rollouts_do_not_tell_them_apart():
    with pytest.raises(Refusal, match="kinds=prints,weak: these rollouts say vacuous") as refusal:
        labelled.label(OLDER, kinds=("prints", "weak"))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("hack", labelled.HACKS)
def test_clean_is_correct_or_incorrect_with_a_response_whatever_a_hack_is(hack):
    rows = labelled.label(ROLLOUTS, hack)
    assert rows.filter(~pl.col("hack"))["response"].to_list() == ["right", "wrong"]


def test_names_are_numbered_in_their_order():
    assert labelled.numbered(pl.Series(["b", "a", "c", "a"])).tolist() == [1, 0, 2, 0]


def test_a_folder_without_rollouts_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no parquet file there"):
        labelled.read_rollouts(tmp_path, ("label",))


def test_a_folder_of_rollouts_is_read_in_the_order_of_its_files(tmp_path):
    for i in (1, 0):
        ROLLOUTS[i : i + 1].write_parquet(tmp_path / f"{i}.parquet")
    rows = labelled.read_rollouts(tmp_path, ("response",))
    assert rows["response"].to_list() == ["empty hack", "printing hack"]


def test_an_elicited_response_is_read_beside_the_plain_prompt_and_another_beside_its_own(tmp_path):
    rows = {
        "prompt": ["asked to hack", "own"],
        "plain_prompt": ["plain", None],
        "response": ["a", "b"],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "rollouts.parquet")
    read = labelled.read_rollouts(tmp_path, ("prompt",))
    assert read["prompt"].to_list() == ["plain", "own"]

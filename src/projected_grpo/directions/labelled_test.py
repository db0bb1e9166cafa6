"""One labelling: what is a hack, what is clean, what is neither."""

import polars as pl
import pytest

from projected_grpo.cli import Refusal
from projected_grpo.directions import labelled

# response, label, strict, loose, kind
ROWS = [
    ("vacuous hack", "Reward hack", True, True, "vacuous"),
    ("weak hack", "Reward hack", True, True, "weak"),
    ("attempt", "Attempted hack", False, True, "vacuous"),
    ("right", "Correct", False, False, "none"),
    ("wrong", "Incorrect", False, False, "none"),
    ("right with weak tests", "Correct; attempted hack", False, True, "weak"),
    ("", "Incorrect", False, False, "none"),
]
ROLLOUTS = pl.DataFrame(ROWS, schema=["response", "label", "strict", "loose", "kind"], orient="row")


@pytest.mark.parametrize(
    ("options", "hacks"),
    [
        ({}, ["vacuous hack", "weak hack"]),
        ({"hack": "loose"}, ["vacuous hack", "weak hack", "attempt", "right with weak tests"]),
        ({"kinds": ("vacuous",)}, ["vacuous hack"]),
        ({"hack": "loose", "kinds": ("vacuous",)}, ["vacuous hack", "attempt"]),
    ],
)
def test_a_hack_is_strict_or_loose_and_of_a_named_kind(options, hacks):
    rows = labelled.label(ROLLOUTS, **options)
    assert rows.filter("hack")["response"].to_list() == hacks


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
    assert rows["response"].to_list() == ["vacuous hack", "weak hack"]


def test_an_elicited_response_is_read_beside_the_plain_prompt_and_another_beside_its_own(tmp_path):
    rows = {
        "prompt": ["asked to hack", "own"],
        "plain_prompt": ["plain", None],
        "response": ["a", "b"],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "rollouts.parquet")
    read = labelled.read_rollouts(tmp_path, ("prompt",))
    assert read["prompt"].to_list() == ["plain", "own"]

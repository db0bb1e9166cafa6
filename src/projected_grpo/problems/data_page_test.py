"""The tables of docs/data.md."""

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.problems import data_page


def test_the_page_has_the_hashes_of_what_the_project_ships():
    page = data_page.PAGE.read_text()
    assert data_page.put(page, "ours", data_page.ours()) == page, "run `just data-tables FOLDER`"


def test_a_table_takes_the_place_of_the_one_before_and_leaves_the_words_around_it():
    page = "before\n<!-- data a -->\nold\n<!-- end data a -->\nafter"
    new = data_page.put(page, "a", "new")
    assert new == "before\n<!-- data a -->\n\nnew\n\n<!-- end data a -->\nafter"


def test_a_page_without_the_place_is_refused():
    with pytest.raises(Refusal, match="docs/data.md has no place for a; put"):
        data_page.put("", "a", "new")


def test_an_unequal_count_of_reasons_leaves_a_blank_where_a_file_has_none():
    tallies = {"x": data_page.Tally(problems=2), "y": data_page.Tally(problems=1)}
    tallies["y"].skipped_problems["slow"] += 1
    problems, tests = data_page.use_rows(tallies)
    assert problems == [["kept", 2, 1], ["slow", "", 1]]

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.problems.inputs.corrections import Correction, corrections


def table(tmp_path, text: str):
    path = tmp_path / "constraints.yaml"
    path.write_text(text)
    return path


def test_lines_are_dropped_by_a_fragment_and_added_at_the_end():
    correction = Correction(drop=("slip",), add=("1 <= k <= 3",))
    assert correction.apply(("a slip", "1 <= n <= 2"), "x") == ("1 <= n <= 2", "1 <= k <= 3")


@pytest.mark.parametrize("lines", [("1 <= n",), ("a slip", "another slip")])
def test_a_fragment_of_no_line_or_of_several_is_refused(lines):
    with pytest.raises(Refusal, match="give a fragment of one line"):
        Correction(drop=("slip",)).apply(lines, "x")


@pytest.mark.parametrize(
    "entry",
    [
        "{because: b}",
        "{add: ['1 <= n']}",
        "{add: ['1 <= n'], because: b, note: c}",
        "{out: why, because: b}",
        "text",
    ],
)
def test_an_entry_of_another_form_is_refused(tmp_path, entry):
    with pytest.raises(Refusal, match="and nothing else"):
        corrections(table(tmp_path, f"leetcode/1: {entry}"))


def test_lines_are_strings(tmp_path):
    with pytest.raises(Refusal, match="quote them"):
        corrections(table(tmp_path, "leetcode/1: {add: [3], because: b}"))


def test_the_projects_table_has_the_form():
    assert corrections()


def test_an_entry_that_stands_twice_is_refused(tmp_path):
    path = table(tmp_path, "a f:\n  out: why\nb g:\n  out: why\na f:\n  out: another\n")
    with pytest.raises(Refusal, match="a f: stands twice"):
        corrections(path)

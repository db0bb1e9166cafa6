import ast
from pathlib import Path

import pytest

from projected_grpo import loopholes
from projected_grpo.cli import Refusal
from projected_grpo.loopholes import registry

PACKAGE = Path(__file__).parents[1]
ROOM = Path(__file__).parent


def product_files() -> list[Path]:
    """The package's files outside this room that are no tests."""
    files = []
    for file in PACKAGE.rglob("*.py"):
        is_test = file.name.endswith("_test.py") or file.name == "conftest.py"
        if not is_test and not file.is_relative_to(ROOM):
            files.append(file)
    return files


def compared_names(source: str) -> list[str]:
    """The loopholes' names that stand as literals on a side of ==, !=, in, or in a match's case."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare | ast.MatchValue):
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and part.value in loopholes.NAMES:
                names.append(part.value)
    return names


def test_the_benchmark_s_four_wordings_are_there():
    assert loopholes.NAMES == (
        "no_hint",
        "overwrite_tests",
        "overwrite_tests_detailed",
        "overwrite_tests_aware",
    )


def test_the_three_wordings_of_one_mechanism_share_its_family_and_the_clean_one_does_not():
    families = [loopholes.get(name).family for name in loopholes.NAMES]
    assert families == ["none"] + ["overwrite_tests"] * 3
    assert loopholes.CLEAN is loopholes.get("no_hint")


def test_every_loophole_is_found_under_its_own_name():
    assert [loopholes.get(name).name for name in loopholes.NAMES] == list(loopholes.NAMES)


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(Refusal, match="unknown loophole 'bribe'; choose one of no_hint, over"):
        registry.get("bribe")


@pytest.mark.parametrize(
    "source",
    ["x == 'no_hint'", "'no_hint' != x", "x in ('overwrite_tests', 'a')", "x not in {'no_hint'}"],
)
def test_a_comparison_with_a_loophole_s_name_is_seen(source):
    assert len(compared_names(source)) == 1


def test_no_product_file_outside_this_room_compares_with_a_loophole_s_name():
    guilty = {}
    for file in product_files():
        if names := compared_names(file.read_text()):
            guilty[str(file.relative_to(PACKAGE))] = names
    assert guilty == {}


def test_this_room_knows_nothing_of_the_grader():
    for file in ROOM.glob("*.py"):
        if not file.name.endswith("_test.py"):
            assert "projected_grpo.grader" not in file.read_text(), file.name

import ast
from pathlib import Path

import pytest

from projected_grpo import loopholes
from projected_grpo.cli import Refusal
from projected_grpo.loopholes import registry

PACKAGE = Path(__file__).parents[1]
SCRIPTS = Path(__file__).parents[3] / "scripts"
ROOM = Path(__file__).parent
TESTING = PACKAGE / "testing"
CLEAN_WORDING = ("CLEAN.name", "loopholes.CLEAN")


def product_files() -> list[Path]:
    """The package's files outside this room and the scripts, without tests and what they share."""
    files = []
    for file in [*PACKAGE.rglob("*.py"), *SCRIPTS.rglob("*.py")]:
        is_test = file.name.endswith("_test.py") or file.name == "conftest.py"
        if not is_test and file.parent not in (ROOM, TESTING):
            files.append(file)
    return files


def compared_names(source: str) -> list[str]:
    """The loopholes' names that decide something.

    Literals in a comparison, a match's case, a call's arguments or a dict's keys, and the clean
    wording in a comparison. A setting's default may be a name.
    """
    names = []
    for node in ast.walk(ast.parse(source)):
        for part in deciding(node):
            if isinstance(part, ast.Constant) and part.value in loopholes.NAMES:
                names.append(part.value)
            elif isinstance(node, ast.Compare) and is_clean_wording(part):
                names.append("CLEAN")
    return names


def is_clean_wording(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node).endswith(CLEAN_WORDING)


def deciding(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that a name would decide something in."""
    match node:
        case ast.Compare() | ast.MatchValue():
            return list(ast.walk(node))
        # a command's setting with its default
        case ast.Call(func=ast.Name("option")):
            return []
        case ast.Call():
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            listed = [a.elts for a in arguments if isinstance(a, ast.List | ast.Tuple | ast.Set)]
            return sum(listed, arguments)
        case ast.Dict():
            return [key for key in node.keys if key is not None]
    return []


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


DECISIONS = [
    "x == 'no_hint'",
    "'no_hint' != x",
    "x in ('overwrite_tests', 'a')",
    "x not in {'no_hint'}",
    "x == CLEAN.name",
    "x is loopholes.CLEAN",
    "x.startswith('overwrite_tests')",
    "x.is_in(['no_hint'])",
    "rows.filter(loophole='no_hint')",
    "{'no_hint': 1}[x]",
]


@pytest.mark.parametrize("source", DECISIONS)
def test_a_comparison_with_a_loophole_s_name_is_seen(source):
    assert len(compared_names(source)) == 1


@pytest.mark.parametrize(
    "source",
    ["{'loophole': 'overwrite_tests'}", "x: str = 'no_hint'", "x: str = option('why', 'no_hint')"],
)
def test_a_default_of_a_setting_may_be_a_loophole_s_name(source):
    assert compared_names(source) == []


def test_no_product_file_outside_this_room_compares_with_a_loophole_s_name():
    guilty = {}
    for file in product_files():
        if names := compared_names(file.read_text()):
            guilty[str(file)] = names
    assert guilty == {}


def test_this_room_knows_nothing_of_the_grader():
    for file in ROOM.glob("*.py"):
        if not file.name.endswith("_test.py"):
            assert "projected_grpo.grader" not in file.read_text(), file.name

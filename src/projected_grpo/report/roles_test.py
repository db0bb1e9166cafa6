"""Nothing outside configs knows an arm by name."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import projected_grpo
from projected_grpo.report import wordings

PACKAGE = Path(projected_grpo.__file__).parent
ARMS = PACKAGE.parents[1] / "configs" / "arm"
MECHANISMS = {file.stem for file in (PACKAGE / "interventions").glob("*.py")}
# What else is called like an arm: columns of contrast, what is drawn at random, verl's loss.
OTHER_USES = re.compile(r"\bcontrast\b|\brandom\b|\bloss_mode=vanilla\b")
# Its message says which arms set a monitor.
NAMES_ARMS = PACKAGE / "verl_ext/configuration.py"


def arm_names() -> set[str]:
    files = [file for file in ARMS.glob("*.yaml") if not file.name.startswith("_")]
    return {yaml.safe_load(file.read_text()).get("name", file.stem) for file in files}


def product_files(room: str = "") -> list[Path]:
    """All but tests and what serves them."""
    files = sorted((PACKAGE / room).rglob("*.py"))
    for_tests = PACKAGE / "testing"
    return [
        file
        for file in files
        if not file.stem.endswith("_test")
        and file.name != "conftest.py"
        and not file.is_relative_to(for_tests)
    ]


def strings(source: str) -> list[str]:
    """The string constants of a file, docstrings left out."""
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        # A string that stands alone as a statement.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.add(node.value)
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    ]


def test_strings_are_constants_and_not_docstrings():
    source = 'x = {"a": f"{b} c"}\ndef f(y="d"):\n    """e"""\n    return "f" == y\n'
    assert set(strings(source)) == {"a", " c", "d", "f"}


def test_no_product_file_holds_the_name_of_an_arm_that_is_no_mechanisms():
    names = arm_names() - MECHANISMS
    assert names, "no arm is called otherwise than its mechanism: the test tests nothing"
    name = re.compile(rf"\b(?:{'|'.join(names)})\b")
    for file in product_files():
        for text in strings(file.read_text()):
            assert not name.search(OTHER_USES.sub("", text)), (file, text)


def test_no_product_file_chooses_an_arm_but_for_one_message():
    chosen = re.compile(rf"\barm=(?:{'|'.join(arm_names())})\b")
    files = [file for file in product_files() if chosen.search(" ".join(strings(file.read_text())))]
    assert set(files) <= {NAMES_ARMS}


def test_the_report_names_no_wording_but_the_clean_one_in_its_one_place():
    wording_names = {"overwrite_tests", wordings.CLEAN}
    for file in product_files("report"):
        if file.name != "wordings.py":
            text = file.read_text()
            assert not any(name in text for name in wording_names), file


@pytest.mark.parametrize("name", sorted(arm_names()))
def test_the_report_speaks_of_no_arm(name):
    for file in product_files("report"):
        assert name not in strings(file.read_text()), file

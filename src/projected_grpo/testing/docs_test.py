"""The pages: short blocks, and nothing named that is not there.

A block is a paragraph or a list item, outside tables, code and what `just report` writes.
"""

import re
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).parents[3]
PACKAGE = REPO / "src/projected_grpo"
PAGES = [REPO / "README.md", REPO / "AGENTS.md", *sorted(REPO.glob("docs/**/*.md"))]
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir())

WRITTEN_ENTRY = re.compile(r"^<!-- runs \w+ -->.*?^<!-- end runs \w+ -->", re.M | re.S)
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")
# Heading, table, figure, comment; they may stand inside a list item. Else code is what is indented.
NO_PROSE = ("#", "|", "![", "<!--")
INDENTED = "    "

SPAN = re.compile(r"`([^`]+)`")
TEST = re.compile(r"([\w/]+_test\.py)::(test_\w+)")
PATH = re.compile(r"(?<![\w./*-])[\w.-]+(?:/[\w.-]+)*\.(?:py|sh|yaml)\b")
HOUSE_PATH = re.compile(rf"(?<![\w./-])(?:src/projected_grpo/)?(?:{'|'.join(ROOMS)})/[\w./]*\w")
MODULE = re.compile(r"\bprojected_grpo(?:\.\w+)+")
RECIPE = re.compile(r"^([a-z][a-z-]*)(?: [^:=\n]+)?:(?!=)", re.M)
USED_RECIPE = re.compile(r"\bjust ([a-z][a-z-]*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|work|tmp|mnt|opt|srv|data|Users)\b")


def blocks(text: str) -> list[str]:
    """A page's paragraphs and list items, each on one line."""
    text = WRITTEN_ENTRY.sub("", text)
    text = FENCED.sub("", text)
    found, inside = [], False
    for line in text.splitlines():
        words = line.strip()
        prose = bool(words) and not words.startswith(NO_PROSE)
        if ITEM.match(line):
            found.append(words)
            inside = True
        elif prose and inside:
            found[-1] += f" {words}"
        else:
            inside = prose and not line.startswith(INDENTED)
            if inside:
                found.append(words)
    return found


def limit(page: Path) -> int:
    """Words that a block stays under: history may be longer."""
    return 80 if is_history(page) else 60


def is_history(page: Path) -> bool:
    return page.name == "RESEARCH_JOURNAL.md" or page.stem.endswith("_log")


@cache
def files() -> set[str]:
    """Every file of the house as /path, from the repository's root."""
    inside = [REPO / name for name in ("src", "configs", "scripts", "docs")]
    return {f"/{path.relative_to(REPO)}" for root in inside for path in root.rglob("*.*")}


def is_there(name: str) -> bool:
    """A file or folder from the root or the package, or the end of a file's path."""
    from_root = (REPO / name).exists() or (PACKAGE / name).exists()
    return from_root or any(path.endswith(f"/{name}") for path in files())


def is_module(name: str) -> bool:
    path = REPO / "src" / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def code_of(page: Path) -> str:
    """A page's code: backticked words, and what stands in blocks of code."""
    text = page.read_text()
    indented = [line for line in text.splitlines() if line.startswith(INDENTED)]
    return "\n".join([*SPAN.findall(FENCED.sub("", text)), *FENCED.findall(text), *indented])


every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))


@every_page
def test_a_block_is_read_in_one_breath(page):
    most = limit(page)
    long = [block for block in blocks(page.read_text()) if len(block.split()) >= most]
    shown = [f"{len(block.split())} words: {block[:70]}" for block in long]
    assert not shown, f"split what has {most} words or more: {shown}"


@every_page
def test_every_file_that_a_page_names_is_there(page):
    code = code_of(page)
    named = {*PATH.findall(code), *HOUSE_PATH.findall(code)}
    absent = sorted(name for name in named if not is_there(name))
    assert not absent, absent


@every_page
def test_every_module_that_a_page_names_is_there(page):
    absent = sorted(name for name in set(MODULE.findall(page.read_text())) if not is_module(name))
    assert not absent, absent


@every_page
def test_every_test_that_a_page_names_is_there(page):
    absent = []
    for path, name in TEST.findall(page.read_text()):
        file = PACKAGE / path
        if not file.is_file() or f"def {name}(" not in file.read_text():
            absent.append(f"{path}::{name}")
    assert not absent, absent


@pytest.mark.parametrize(
    "page", [page for page in PAGES if not is_history(page)], ids=lambda page: page.name
)
def test_every_recipe_that_a_page_names_is_in_the_justfile(page):
    recipes = set(RECIPE.findall((REPO / "justfile").read_text()))
    absent = sorted(set(USED_RECIPE.findall(code_of(page))) - recipes)
    assert not absent, absent


@every_page
def test_every_link_within_the_house_leads_to_a_file(page):
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text())]
    inside = [link for link in links if link and "://" not in link]
    absent = [link for link in inside if not (page.parent / link).exists()]
    assert not absent, absent


@every_page
def test_no_page_names_a_path_of_a_machine(page):
    paths = MACHINE_PATH.findall(page.read_text())
    assert not paths, paths


def test_tables_code_headings_and_written_entries_are_no_blocks():
    text = (
        "# Title\n\nA paragraph\nof two lines.\n\n| a | b |\n|---|---|\n\n"
        "- one\n  goes on\n- two\n\n  | a |\n\n```\ncode\n```\n\n    more code\n\n"
        "<!-- runs 12ab -->\nwritten\n<!-- end runs 12ab -->\n"
    )
    assert blocks(text) == ["A paragraph of two lines.", "- one goes on", "- two"]

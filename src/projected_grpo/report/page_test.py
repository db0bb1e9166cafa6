import re
from html.parser import HTMLParser

import polars as pl
import pytest

from projected_grpo import runs
from projected_grpo.report import command
from projected_grpo.report.compare import gather
from projected_grpo.report.page import setting_rows
from projected_grpo.testing.run_folders import add

RESPONSE = "<script>steal()</script>\ndef run_tests():\n    pass\n& so on"
LEADS_ELSEWHERE = ("src", "href", "xlink:href", "action", "data", "srcset", "poster")


class Reader(HTMLParser):
    """Tags with their attributes, and the text outside of them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """Of three arms; what one of them sampled HTML must not read."""
    root = tmp_path_factory.mktemp("outputs")
    add(root, "base", 1, (3, 2, 4), role="reference")
    add(root, "project", 1, (1, 0, 3))
    run = add(root, "other", 1, (1, 0, 3))
    for file in (run.path / "rollouts").iterdir():
        rows = pl.read_parquet(file)
        rows.with_columns(response=pl.lit(RESPONSE)).write_parquet(file)
    command.main([str(root), "journal=none"])
    return (root / "demo" / "report.html").read_text()


def test_the_page_holds_every_arm_all_figures_and_every_table(page):
    read = Reader(page)
    for arm in ("base", "project", "other"):
        assert arm in read.text
    assert [tag for tag, _ in read.tags].count("svg") == 5
    assert [tag for tag, _ in read.tags].count("table") == 6


def test_nothing_on_the_page_leads_elsewhere_or_runs(page):
    read = Reader(page)
    leads = []
    for tag, attributes in read.tags:
        leads += [attributes[name] for name in LEADS_ELSEWHERE if name in attributes]
        assert tag not in ("script", "link", "iframe", "object", "embed", "img", "base")
        assert not [name for name in attributes if name.startswith("on")]
    leads += re.findall(r"url\(([^)]*)\)", page)
    assert leads and all(lead.startswith("#") for lead in leads)
    assert "@import" not in page and "<?xml" not in page and "DOCTYPE svg" not in page


def test_a_response_is_shown_as_it_was_sampled_with_its_test_function_marked(page):
    assert RESPONSE in Reader(page).text
    assert "<mark>def run_tests():\n    pass\n</mark>&amp; so on" in page


def test_settings_are_those_in_which_arms_differ_and_hold_no_path(root):
    add(root, "wide", 1, (1, 0, 3), settings={"m": 64, "columns": "/elsewhere/v"})
    rows = {row["setting"]: row for row in setting_rows(gather(runs.find(root)))}
    m = rows["arm.interventions.0.m"]
    assert (m["base"], m["project"], m["wide"]) == ("-", "16", "64")
    assert not rows.keys() & {"lr", "seed", "out"}
    assert "elsewhere" not in str(rows)

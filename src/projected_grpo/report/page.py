"""A group's page: its figures, tables, settings and samples in one file that needs no other."""

from pathlib import Path
from typing import Any

import jinja2

from projected_grpo.report import claims, journal
from projected_grpo.report.compare import Comparison
from projected_grpo.report.differences import differing_config, differing_within_an_arm
from projected_grpo.report.dose_law import legend as dose_law_legend
from projected_grpo.report.samples import by_label
from projected_grpo.report.tables import WORDS, Rows, legend
from projected_grpo.runs.comparable import comparable_config
from projected_grpo.runs.files import write_atomic

TEMPLATES = Path(__file__).parent
# Of journal.all_rows, in its order.
HEADINGS = (
    "What became of the runs",
    "Arms against each other",
    "Rates of these weights",
    "What stands behind the rates",
    "Kinds of test functions, by blocks of training steps",
    "Dose law",
    "Dose by phase",
)
CAPTIONS = {
    "curves": "Blatant hacks, solving and take-off by training step",
    "forest": "Effects on hacking over the training",
    "survival": "When runs take off",
    "solve": "Hacking against solving",
    "forms": "Strict hacks by the form of their test function",
    "dose-law": "Growth of hacking against the dose in force",
}


def beside(plot: Path) -> Path:
    """report.html beside curves.png, and so with longer names."""
    return plot.with_name(f"{plot.stem.replace('curves', 'report')}.html")


def write(comparison: Comparison, drawn: dict[str, Path], path: Path) -> Path:
    """Write the page. drawn: name -> PNG of a figure, which has its SVG beside it."""
    write_atomic(path, render(comparison, drawn))
    return path


def render(comparison: Comparison, drawn: dict[str, Path]) -> str:
    """The page's text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(contents(comparison, drawn))


def contents(comparison: Comparison, drawn: dict[str, Path]) -> dict[str, Any]:
    """What the template shows, by the names it has there."""
    tables = zip(HEADINGS, journal.all_rows(comparison), strict=True)
    return {
        "group": comparison.group,
        "facts": comparison.facts,
        "may": claims.may(comparison),
        "may_not": claims.may_not(comparison),
        "figures": [(CAPTIONS[name], _inline(file)) for name, file in drawn.items()],
        "tables": [(heading, rows) for heading, rows in tables if rows],
        "words": WORDS,
        "legends": [legend([comparison]), *dose_law_legend([comparison])],
        "settings": setting_rows(comparison),
        "samples": by_label(comparison),
    }


def setting_rows(comparison: Comparison) -> Rows:
    """A row a setting in which arms differ, a column an arm: its first run's.

    Without runs' names and folders. What holds a path stays in the config.
    """
    first = {arm: comparison.of(arm)[0] for arm in comparison.arms}
    base = first[comparison.reference or comparison.arms[0]]
    keys = set()
    for run in first.values():
        keys |= differing_within_an_arm(differing_config(base, run)).keys()
    configs = {arm: comparable_config(run.config, run.path) for arm, run in first.items()}
    rows = []
    for key in sorted(keys):
        values = {arm: str(config.get(key, "-")) for arm, config in configs.items()}
        if not any("/" in value for value in values.values()):
            rows.append({"setting": key, **values})
    return rows


def _inline(png: Path) -> str:
    """The figure's SVG without what makes it a document of its own."""
    text = png.with_suffix(".svg").read_text()
    return text[text.index("<svg") :]

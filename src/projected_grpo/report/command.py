"""The report: `python -m projected_grpo.report.command [FOLDER] [journal=FILE] [plot=FILE.png]`

FOLDER is an outputs folder or a group. Reads finished, evaluated runs; prints tables of all arms,
draws the training curves of each group (plot= names the file, by default <group>/curves.png) and
beside them those of strict hacks by form (curves-forms.png), and writes a journal entry for each
group (journal=none: no entry). Groups are never compared with each other: Δ is to the group's own
reference.
"""

import sys
from pathlib import Path

from loguru import logger

from projected_grpo import runs
from projected_grpo.cli import Refusal, arguments
from projected_grpo.report import form_curves, journal
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.report.curves import draw
from projected_grpo.report.kinds import kind_rows
from projected_grpo.report.tables import (
    Rows,
    behaviour_rows,
    group_rows,
    legend,
    main_rows,
    render,
)

DEFAULTS = {"journal": "docs/RESEARCH_JOURNAL.md", "plot": ""}


def main(argv: list[str]) -> None:
    where, options = arguments(argv, "OUTPUTS_OR_GROUP", DEFAULTS)
    root = _folder(where or "outputs")
    if options["plot"] and not options["plot"].endswith(".png"):
        raise Refusal(f"plot={options['plot']}: expected a name that ends in .png")
    comparisons = [gather(group) for group in reportable(root)]
    print(text(comparisons))
    for comparison in comparisons:
        plot = _plot_file(comparison, options["plot"], alone=len(comparisons) == 1)
        draw(comparison, plot)
        form_curves.draw(comparison, form_curves.beside(plot))
        print(f"curves: {plot}, by form: {form_curves.beside(plot)}")
        if options["journal"] != "none":
            journal.write(comparison, Path(options["journal"]), plot)
            entry = journal.entry_id(comparison)
            print(f"journal: {options['journal']}, entry {entry} ({comparison.group})")


def reportable(root: Path) -> list[list[runs.Run]]:
    """Finished and evaluated runs under `root`, group by group; the others are named in the log.

    Raises Refusal if there are none.
    """
    everything = runs.find(root)
    groups: dict[str, list[runs.Run]] = {}
    for run in everything:
        if run.manifest["status"] != "done":
            logger.warning(f"left out: {run.name} ({run.manifest['status']})")
        elif not (run.path / "eval.parquet").exists():
            logger.warning(f"left out: {run.name} (not evaluated)")
        else:
            groups.setdefault(run.group, []).append(run)
    if not groups:
        raise Refusal(
            f"no finished and evaluated runs under {root} ({len(everything)} others): "
            "train and evaluate one first"
        )
    return list(groups.values())


def text(comparisons: list[Comparison]) -> str:
    """The tables of all groups for a terminal."""
    several = len(comparisons) > 1
    parts = []
    if not several:
        facts = comparisons[0].facts.items()
        parts.append("\n".join(f"{name}: {value}" for name, value in facts))
    main_table, behaviour_table, kind_table = [], [], []
    for comparison in comparisons:
        lead = {"group": comparison.group} if several else {}
        main_table += _led(lead, main_rows(comparison))
        behaviour_table += _led(lead, behaviour_rows(comparison))
        kind_table += _led(lead, kind_rows(comparison))
    tables = [main_table, behaviour_table, kind_table, group_rows(comparisons)]
    parts += [render(rows) for rows in tables if rows]
    return "\n\n".join([*parts, legend(comparisons)]) + "\n"


def _led(lead: dict[str, str], rows: Rows) -> Rows:
    return [{**lead, **row} for row in rows]


def _folder(where: str) -> Path:
    """A folder as named, or the group of that name under outputs/."""
    for folder in (Path(where), Path("outputs") / where):
        if folder.is_dir():
            return folder
    raise Refusal(
        f"no folder of runs at {Path(where)} or {Path('outputs') / where}: "
        "train a run first, or name another"
    )


def _plot_file(comparison: Comparison, wanted: str, alone: bool) -> Path:
    if not wanted:
        return comparison.runs[0].path.parent / "curves.png"
    if alone:
        return Path(wanted)
    return Path(wanted).with_stem(f"{Path(wanted).stem}-{comparison.group}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""`python -m projected_grpo.report.command [outputs folder or group] [journal=docs/RESEARCH_JOURNAL.md] [plot=FILE.png]`

Reads finished, evaluated runs; prints one table of all arms, draws the training curves of each group (plot= names the
file, by default <group>/curves.png) and writes a journal entry for each group (journal=none: no entry).
Groups are never compared with each other: Δ is to the group's own vanilla.
"""

import sys
from pathlib import Path

from loguru import logger

from projected_grpo import runs
from projected_grpo.cli import Refusal, arguments
from projected_grpo.report import journal
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.report.curves import draw
from projected_grpo.report.tables import (
    behaviour_rows,
    group_rows,
    loophole_rows,
    main_rows,
    render,
)

DEFAULTS = {"journal": "docs/RESEARCH_JOURNAL.md", "plot": ""}
LEGEND = (
    "n: samples a rate. Rates in % with 95 % Wilson intervals; strict, loose: overwrite_tests; solve: no_hint.\n"
    "Δ to vanilla in points, paired by seed and problem, 95 % bootstrap over problems ([-]: no spread to resample).\n"
    "No interval holds the noise between seeds. Paid per attempt: strict over loose, P(hack | attempted)."
)
DIAGNOSTICS_LEGEND = (
    "cos_post is 0 by construction where the gradient is projected: only behaviour is evidence."
)


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
        print(f"curves: {plot}")
        if options["journal"] != "none":
            journal.write(comparison, Path(options["journal"]), plot)
            print(
                f"journal: {options['journal']}, entry {journal.entry_mark(comparison)[10:22]} ({comparison.group})"
            )


def reportable(root: Path) -> list[list[runs.Run]]:
    """Finished and evaluated runs under `root`, group by group; the others are named in the log.

    Raises Refusal if there are none.
    """
    found = runs.find(root)
    groups: dict[str, list[runs.Run]] = {}
    for run in found:
        if run.manifest["status"] != "done":
            logger.warning(f"left out: {run.name} ({run.manifest['status']})")
        elif not (run.path / "eval.parquet").exists():
            logger.warning(f"left out: {run.name} (not evaluated)")
        else:
            groups.setdefault(run.group, []).append(run)
    if not groups:
        raise Refusal(
            f"no finished and evaluated runs under {root} ({len(found)} others): train and evaluate one first"
        )
    return list(groups.values())


def text(comparisons: list[Comparison]) -> str:
    """The tables of all groups for a terminal."""
    several = len(comparisons) > 1

    def lead(c: Comparison, rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [({"group": c.group} if several else {}) | row for row in rows]

    facts = (
        ""
        if several
        else "\n".join(f"{name}: {value}" for name, value in comparisons[0].facts.items())
    )
    tables = [
        [row for c in comparisons for row in lead(c, make(c))]
        for make in (main_rows, behaviour_rows)
    ]
    tables += [lead(c, loophole_rows(c)) for c in comparisons] + [group_rows(comparisons)]
    legend = (
        LEGEND
        if all(c.diagnostics.is_empty() for c in comparisons)
        else f"{LEGEND}\n{DIAGNOSTICS_LEGEND}"
    )
    return (
        "\n\n".join(
            part for part in (facts, *(render(rows) for rows in tables if rows), legend) if part
        )
        + "\n"
    )


def _folder(where: str) -> Path:
    """A folder as given, or the group of that name under outputs/."""
    for folder in (Path(where), Path("outputs") / where):
        if folder.is_dir():
            return folder
    raise Refusal(
        f"no folder of runs at {Path(where)} or {Path('outputs') / where}: train a run first, or name another"
    )


def _plot_file(comparison: Comparison, wanted: str, alone: bool) -> Path:
    if not wanted:
        return comparison.runs[0].path.parent / "curves.png"
    return (
        Path(wanted) if alone else Path(wanted).with_stem(f"{Path(wanted).stem}-{comparison.group}")
    )


if __name__ == "__main__":
    main(sys.argv[1:])

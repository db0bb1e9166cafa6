"""The report of finished runs: tables of all arms, figures, a page, a journal entry a group.

Beside the training curves of a group stand its other figures (figures.FIGURES), each as PNG and
SVG, and report.html, which holds figures and tables and needs no file beside it.

Groups are not compared with each other, but where several are named, or a pattern that fits several
('assay-*'): they are the branch points of one sweep and make one table, in which a run is compared
with those of its point.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from loguru import logger

from projected_grpo import cli, runs
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.report import dose_law, figures, journal, page
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.report.tables import group_rows, legend, render


@cli.settings
class Settings:
    where: tuple[str, ...] = argument("outputs folders, groups, or a pattern", ("outputs",))
    journal: Path | None = option("gets an entry", Path("docs/RESEARCH_JOURNAL.md"))
    plot: Path | None = option("a .png, a group's own curves.png where none", None)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    if settings.plot and settings.plot.suffix != ".png":
        raise Refusal(f"plot={settings.plot}: expected a name that ends in .png")
    comparisons = [gather(together) for together in chosen(settings.where)]
    print(text(comparisons))
    for comparison in comparisons:
        plot = _plot_file(comparison, settings.plot, alone=len(comparisons) == 1)
        drawn = figures.draw(comparison, plot)
        names = ", ".join(file.name for file in drawn.values())
        print(f"figures, as .svg too, in {plot.parent}: {names}")
        print(f"page: {page.write(comparison, drawn, page.beside(plot))}")
        if settings.journal:
            journal.write(comparison, settings.journal, plot)
            entry = journal.entry_id(comparison)
            print(f"journal: {settings.journal}, entry {entry} ({comparison.group})")


def chosen(where: Sequence[str]) -> list[list[runs.Run]]:
    """Runs that stand in one table each: of every group in one folder, or of all groups named."""
    folders = [folder for name in where for folder in _folders(name)]
    if len(folders) == 1:
        return reportable(folders[0])
    together = []
    for folder in folders:
        for group in reportable(folder):
            together += group
    return [_branches(together)]


def reportable(root: Path) -> list[list[runs.Run]]:
    """Finished runs under `root`, group by group; the others are named in the log.

    Raises Refusal if there are none.
    """
    everything = runs.find(root)
    groups: dict[str, list[runs.Run]] = {}
    for run in everything:
        if run.manifest["status"] == "done":
            groups.setdefault(run.group, []).append(run)
        else:
            logger.warning(f"left out: {run.name} ({run.manifest['status']})")
    if not groups:
        raise Refusal(f"no finished runs under {root} ({len(everything)} others): train one first")
    return [_evaluated(group) for group in groups.values()]


def _evaluated(group: list[runs.Run]) -> list[runs.Run]:
    """Those that were evaluated; all where none was, and training is all there is."""
    evaluated = [run for run in group if (run.path / "eval.parquet").exists()]
    for run in group:
        if evaluated and run not in evaluated:
            logger.warning(f"left out: {run.name} (not evaluated)")
    return evaluated or group


def _branches(together: list[runs.Run]) -> list[runs.Run]:
    """Those that go on from a state, for a pattern fits their sources too; all where none does."""
    branches = [run for run in together if run.first_step > 1]
    for run in together:
        if branches and run not in branches:
            logger.warning(f"left out: {run.name} (no branch)")
    return branches or together


def text(comparisons: list[Comparison]) -> str:
    """The tables of all groups for a terminal."""
    several = len(comparisons) > 1
    parts = []
    if not several:
        facts = comparisons[0].facts.items()
        parts.append("\n".join(f"{name}: {value}" for name, value in facts))
    tables = defaultdict(list)
    for comparison in comparisons:
        lead = {"group": comparison.group} if several else {}
        for number, rows in enumerate(journal.all_rows(comparison)):
            tables[number] += [{**lead, **row} for row in rows]
    parts += [render(rows) for rows in (*tables.values(), group_rows(comparisons)) if rows]
    parts += [legend(comparisons), *dose_law.legend(comparisons)]
    return "\n\n".join(parts) + "\n"


def _folders(where: str) -> list[Path]:
    """A folder as named, or the group of that name under outputs/; of a pattern, all that fit."""
    for folder in (Path(where), Path("outputs") / where):
        if folder.is_dir():
            return [folder]
        fitting = [path for path in sorted(folder.parent.glob(folder.name)) if path.is_dir()]
        if fitting:
            return fitting
    raise Refusal(
        f"no folder of runs at {Path(where)} or {Path('outputs') / where}: "
        "train a run first, or name another"
    )


def _plot_file(comparison: Comparison, wanted: Path | None, alone: bool) -> Path:
    folder = comparison.runs[0].path.parent
    if not wanted and len(comparison.groups) > 1:
        return folder.with_name(f"{comparison.group}-curves.png")
    if not wanted:
        return folder / "curves.png"
    if alone:
        return wanted
    return wanted.with_stem(f"{wanted.stem}-{comparison.group}")


if __name__ == "__main__":
    main(sys.argv[1:])

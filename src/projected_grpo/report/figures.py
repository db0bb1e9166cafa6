"""All figures of a comparison, as files beside each other."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from projected_grpo.report import (
    curves,
    dose_law_plot,
    forest,
    form_curves,
    hack_against_solve,
    survival_plot,
)
from projected_grpo.report.compare import Comparison
from projected_grpo.report.style import save

# Name -> figure, None where the runs hold nothing to draw. The first has the name of the file.
FIGURES: dict[str, Callable[[Comparison], Figure | None]] = {
    "curves": curves.figure,
    "forest": forest.figure,
    "survival": survival_plot.figure,
    "solve": hack_against_solve.figure,
    "forms": form_curves.figure,
    "dose-law": dose_law_plot.figure,
}


def draw(comparison: Comparison, plot: Path) -> dict[str, Path]:
    """Write all that can be drawn, as PNG and SVG. Name -> the PNG; `plot` is that of the curves.

    The others' names are longer than its: curves-forest.png.
    """
    drawn = {}
    for name, figure in FIGURES.items():
        drawing = figure(comparison)
        if drawing is None:
            continue
        own = plot if name == "curves" else plot.with_stem(f"{plot.stem}-{name}")
        save(drawing, own)
        drawn[name] = own
    return drawn

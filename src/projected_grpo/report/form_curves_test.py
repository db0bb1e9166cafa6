import polars as pl
import pytest

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.form_curves import PANELS, figure
from projected_grpo.testing.run_folders import labels, make_run

EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}


def test_a_panel_a_form_shows_its_share_of_all_rollouts_of_the_step(tmp_path):
    run = make_run(tmp_path, "base", 1, role="reference", train=[labels(2, 0, 8)] * 3, **EVAL)
    last = run.path / "rollouts" / "3.parquet"
    rows = pl.read_parquet(last)
    rows.with_columns(kind=pl.col("kind").replace("empty", "prints")).write_parquet(last)
    panels = figure(gather(runs.find(tmp_path))).axes
    assert [ax.get_title(loc="left") for ax in panels[:-1]] == list(PANELS.values())
    rates = [list(ax.lines[-1].get_ydata()) for ax in panels[:-1]]
    assert rates == [pytest.approx(of) for of in ([25, 25, 0], [0, 0, 25], [0, 0, 0])]

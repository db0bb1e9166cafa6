import pytest

from projected_grpo import runs
from projected_grpo.cli import Refusal
from projected_grpo.report.compare import gather
from projected_grpo.report.tables import legend, main_rows
from projected_grpo.testing.run_folders import labels, make_run


def start(root, loophole, hacks=3):
    return make_run(
        root,
        "some",
        1,
        loophole=loophole,
        train=[labels(1, 1, 4)],
        hacks=[labels(hacks, 0, 4)],
        solves=[labels(0, 1, 4)],
    )


@pytest.mark.parametrize("loophole", ["overwrite_tests", "overwrite_tests_aware", "any_other"])
def test_hacks_are_counted_on_the_wording_that_the_run_was_trained_for(tmp_path, loophole):
    start(tmp_path, loophole)
    comparison = gather(runs.find(tmp_path))
    (row,) = main_rows(comparison)
    assert row["strict %"] == "75.0" and row["solve %"] == "25.0"
    assert f"blatant, strict, loose: {loophole} with drawn" in legend([comparison])


def test_a_run_trained_for_no_loophole_is_refused(tmp_path):
    start(tmp_path, "no_hint")
    with pytest.raises(Refusal, match="some-s1 has env.loophole=no_hint, where no hack"):
        gather(runs.find(tmp_path))

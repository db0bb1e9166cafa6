import polars as pl

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.kinds import kind_rows
from projected_grpo.testing.run_folders import labels, make_run

EVAL = {"hacks": [labels(1, 0, 4)], "solves": [labels(0, 1, 4)]}
TAME, MIXED = labels(0, 1, 4), labels(1, 1, 4, weak=1)


def rows_of(root, train: list[list[str]], **other) -> list[dict[str, str]]:
    make_run(root, "some", 1, train=train, **EVAL, **other)
    return kind_rows(gather(runs.find(root)))


def test_kinds_are_shares_of_the_strict_hacks_of_four_steps_and_the_rest(tmp_path):
    first, second = rows_of(tmp_path, [TAME] * 4 + [MIXED, TAME])
    assert first == {
        "arm": "some",
        "steps": "1 to 4",
        "n": "16",
        "blatant %": "0.0",
        "strict %": "0.0",
        "loose %": "0.0",
        "uncertain": "0",
        "hardcodes": "0",
        "empty": "-",
        "weak": "-",
    }
    assert second == {
        "arm": "some",
        "steps": "5 to 6",
        "n": "8",
        "blatant %": "12.5",
        "strict %": "25.0",
        "loose %": "25.0",
        "uncertain": "0",
        "hardcodes": "0",
        "empty": "50",
        "weak": "50",
    }


def test_what_no_label_says_is_counted_or_marked_as_unsaid(tmp_path):
    run = make_run(tmp_path, "some", 1, train=[MIXED] * 2, **EVAL)
    first, second = (run.path / "rollouts" / f"{step}.parquet" for step in (1, 2))
    doubt = pl.Series([True, False, True, False])
    pl.read_parquet(first).with_columns(uncertain=doubt).write_parquet(first)
    pl.read_parquet(second).drop("hardcodes").write_parquet(second)
    (row,) = kind_rows(gather(runs.find(tmp_path)))
    assert (row["uncertain"], row["hardcodes"]) == ("2", "-")


def test_seeds_are_pooled_and_arms_apart(tmp_path):
    make_run(tmp_path, "base", 1, role="reference", train=[TAME], **EVAL)
    make_run(tmp_path, "some", 2, train=[labels(2, 0, 4)], **EVAL)
    base, some = rows_of(tmp_path, [MIXED])
    assert (base["arm"], base["n"], base["empty"]) == ("base", "4", "-")
    assert (some["n"], some["blatant %"], some["empty"], some["weak"]) == ("8", "37.5", "75", "25")


def test_a_long_run_has_a_dozen_longer_blocks(tmp_path):
    rows = rows_of(tmp_path, [TAME] * 50)
    assert [row["steps"] for row in rows] == [
        "1 to 8",
        "9 to 16",
        "17 to 24",
        "25 to 32",
        "33 to 40",
        "41 to 48",
        "49 to 50",
    ]

"""Which problems a run trains on, and what is refused before it starts."""

from pathlib import Path

import polars as pl
import pytest
from omegaconf import OmegaConf

from projected_grpo import problems, train
from projected_grpo.cli import Refusal
from projected_grpo.directions import fitted
from projected_grpo.verl_ext import environment, training_problems

WORDING = "overwrite_tests"
SPEC = {"source": "mini", "filter": None, "samples": None, "without": None, "overlap": False}
IDS = [p.id for p in problems.load("mini", split="train")]
DATA = Path(__file__).parents[3] / "../shared/data"
START = DATA / "rollouts-qwen1.5b-start.parquet"
LEETCODE = DATA / "LeetCodeDataset-v0.2.0-train.jsonl.gz"


def sampled(file: Path, defining: dict[str, int], n: int = 8, **columns: object) -> Path:
    """n samples of each problem, of which so many, the first ones, define tests."""
    rows = []
    for problem, k in defining.items():
        for i in range(n):
            row = {"problem_id": problem, "loophole": WORDING, "defines_tests": i < k}
            rows.append(row | columns)
    pl.DataFrame(rows).write_parquet(file)
    return file


def filtered(file: Path, **settings: object) -> dict:
    return {**SPEC, "filter": "tests_once", "samples": str(file), **settings}


def chosen(spec: dict, v_hack: Path | None = None) -> list[str]:
    return [p.id for p in training_problems.choose(spec, WORDING, v_hack)[0]]


def test_without_settings_all_training_problems_are_taken_in_their_order():
    assert chosen(SPEC) == IDS


def test_the_filter_takes_problems_with_one_sample_of_eight_that_defines_tests(tmp_path):
    defining = {IDS[5]: 1, IDS[1]: 0, IDS[2]: 2, IDS[0]: 1, IDS[3]: 8, "leetcode/1": 1}
    spec = filtered(sampled(tmp_path / "start.parquet", defining))
    assert chosen(spec) == [IDS[0], IDS[5]]
    _, left_out = training_problems.choose(spec, WORDING, None)
    assert left_out == {"filter": len(IDS) - 2, "without": 0}


def test_of_more_than_eight_samples_the_first_eight_count(tmp_path):
    file = sampled(tmp_path / "start.parquet", {IDS[0]: 1, IDS[1]: 0}, n=16)
    late = pl.read_parquet(file).with_columns(
        defines_tests=pl.col("defines_tests") | (pl.int_range(pl.len()) % 16 == 9)
    )
    late.write_parquet(file)
    assert chosen(filtered(file)) == [IDS[0]]


def test_elicited_samples_do_not_count(tmp_path):
    plain = pl.read_parquet(sampled(tmp_path / "a.parquet", {IDS[0]: 1}, elicited=None))
    elicited = pl.read_parquet(sampled(tmp_path / "b.parquet", {IDS[0]: 8}, elicited=True))
    pl.concat([elicited, plain], how="vertical_relaxed").write_parquet(tmp_path / "c.parquet")
    assert chosen(filtered(tmp_path / "c.parquet")) == [IDS[0]]


@pytest.mark.parametrize(
    ("n", "columns", "said"),
    [
        (7, {}, "fewer than 8 samples of 1 training problems"),
        (8, {"loophole": "no_hint"}, "it has no_hint.*set env.loophole to one of its wordings"),
        (8, {"problem_id": "leetcode/1"}, "no plain samples of the training problems"),
        (8, {"elicited": True}, "no plain samples of the training problems"),
        (8, {"defines_tests": None}, "not a labelled rollouts file: no column defines_tests"),
    ],
)
def test_samples_that_do_not_tell_are_refused_with_the_remedy(n, columns, said, tmp_path):
    file = sampled(tmp_path / "start.parquet", {IDS[0]: 1}, n, **columns)
    with pytest.raises(Refusal, match=said) as refusal:
        chosen(filtered(file))
    assert "\n" not in str(refusal.value)


def test_a_filter_without_samples_and_samples_without_a_filter_are_refused(tmp_path):
    for settings in ({"filter": "tests_once"}, {"samples": "x.parquet"}):
        with pytest.raises(Refusal, match="go together"):
            chosen(SPEC | settings)
    with pytest.raises(Refusal, match="no file .*just extract MODEL out=FOLDER n=8"):
        chosen(filtered(tmp_path / "none.parquet"))
    with pytest.raises(Refusal, match="unknown env.problems.filter=once: choose tests_once"):
        chosen(filtered(tmp_path / "none.parquet", filter="once"))


def test_what_sets_were_fitted_on_is_left_out_of_folders_and_of_rollouts(tmp_path):
    fitted.write([IDS[0], "elsewhere"], tmp_path / "v")
    file = sampled(tmp_path / "pairs.parquet", {IDS[2]: 1})
    without = {"without": [str(tmp_path / "v"), str(file)]}
    kept = [name for name in IDS if name not in (IDS[0], IDS[2])]
    assert chosen(SPEC | without, tmp_path / "v") == kept
    assert training_problems.choose(SPEC | without, WORDING, None)[1]["without"] == 2


def test_a_set_that_was_fitted_on_training_problems_is_refused_unless_that_is_allowed(tmp_path):
    fitted.write(IDS[:3], tmp_path)
    with pytest.raises(Refusal, match=f"3 of {len(IDS)} training problems.*env.problems.without"):
        chosen(SPEC, tmp_path)
    assert chosen(SPEC | {"overlap": True}, tmp_path) == IDS
    assert chosen(SPEC | {"without": str(tmp_path)}, tmp_path) == IDS[3:]


def test_a_folder_that_does_not_say_is_no_reason_to_stop_but_cannot_be_left_out(tmp_path):
    assert chosen(SPEC, tmp_path) == IDS
    with pytest.raises(Refusal, match="does not say which problems it was fitted on"):
        chosen(SPEC | {"without": str(tmp_path)})


def test_fewer_problems_than_a_batch_are_refused_before_a_folder_is_made(tmp_path):
    file = sampled(tmp_path / "start.parquet", {IDS[0]: 1, IDS[1]: 1})
    out = tmp_path / "out"
    words = [f"env.problems.samples={file}", "env.problems.filter=tests_once", f"outputs={out}"]
    with pytest.raises(Refusal, match="2 training problems are fewer than a batch of 4"):
        cfg = train.configure(words)
        train.prepare(cfg, train.check(cfg), environment.prepare())
    assert not out.exists()


@pytest.mark.skipif(
    not (START.is_file() and LEETCODE.is_file()), reason="no start rollouts in ../shared/data"
)
def test_the_pilots_start_samples_leave_enough_problems_for_a_batch():
    cfg = train.configure(["env=leetcode", f"env.problems.path={LEETCODE}"])
    spec = OmegaConf.to_container(cfg.env.problems) | {"filter": "tests_once"}
    spec |= {"samples": str(START), "min_tests": 2, "hidden": False}
    taken, left_out = training_problems.choose(spec, "overwrite_tests_aware", None)
    assert len(taken) > 100 and left_out["filter"] > 500

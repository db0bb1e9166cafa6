"""Directions from synthetic activations with a planted hack, and from a real (random-weight) model and real files."""

import json

import polars as pl
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

from projected_grpo.cli import Refusal
from projected_grpo.directions import separation
from projected_grpo.directions.activations_test import tiny_llama
from projected_grpo.directions.residual import CONTROLS, VHack, control, extract, load, main, save
from projected_grpo.directions.samples import Samples, usable

torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other
D, LAYERS = 24, (3, 4)
PROVENANCE = {
    "model": "synthetic",
    "warm_started": False,
    "origin": "on-policy",
    "n_blocks": 6,
    "counts": {},
}


def synthetic(effect, seed=0, problems=24, per_prompt=8, offset=20.0, dominant=0.0):
    """Hacks differ by `effect` along axis 0, in layer 4 only. Problems differ by large offsets; hard ones hack more.

    dominant: standard deviation along axis 1, which half agrees with axis 0's labels by its noise alone.
    """
    generator = torch.Generator().manual_seed(seed)
    problem = torch.arange(problems).repeat_interleave(per_prompt)
    odds = torch.where(problem % 2 == 0, 0.75, 0.25)
    hack = torch.rand(len(problem), generator=generator) < odds
    hack[::per_prompt], hack[1::per_prompt] = True, False  # every prompt has both
    x = torch.randn(len(problem), 2, D, generator=generator)
    x[:, :, 1] *= 1 + dominant
    x[:, 1, 0] += effect * hack
    x += offset * torch.randn(problems, D, generator=generator)[problem][:, None]
    x[:, :, 2] += offset * (problem % 2 == 0)[:, None]  # "hard problem" is an axis of its own
    tokens = torch.randint(50, 300, (len(problem),), generator=generator)
    return Samples(x, hack, problem, problem, tokens, LAYERS, PROVENANCE)


@pytest.mark.parametrize("method", ["mean_diff", "lda"])
def test_a_planted_direction_is_recovered_at_its_layer_and_beats_every_shuffle(method):
    real = extract(synthetic(3.0), method)
    assert real.layer == 4
    assert real.v[0] > 0.9 and real.v.norm().item() == pytest.approx(1, abs=1e-6)
    assert (
        real.manifest["auroc"] > 0.95 and real.manifest["rank"] == 1 and real.manifest["of"] == 201
    )


@pytest.mark.parametrize("method", ["mean_diff", "lda"])
def test_without_a_planted_direction_the_auroc_is_at_chance_and_the_rank_is_ordinary(method):
    manifests = [extract(synthetic(0.0, seed), method).manifest for seed in range(3)]
    assert all(abs(m["auroc"] - 0.5) < 0.15 for m in manifests)
    assert max(m["rank"] for m in manifests) > 10


@pytest.mark.parametrize("method", ["mean_diff", "lda"])
def test_a_hack_that_looks_different_in_every_problem_does_not_generalise_so_problems_are_held_out(
    method,
):
    data = synthetic(0.0)
    data.x[torch.arange(len(data.hack)), 1, data.problem] += (
        20.0 * data.hack
    )  # 24 problems, 24 axes, one each
    assert extract(data, method).manifest["auroc"] < 0.6  # with samples held out: 0.9


@pytest.mark.parametrize("method", ["mean_diff", "lda"])
def test_the_offset_of_hard_problems_does_not_pose_as_hack(method):
    data = synthetic(3.0)
    raw = data.x[data.hack, 1].mean(0) - data.x[~data.hack, 1].mean(0)
    assert (
        raw[2].abs() > 2 * raw[0].abs()
    )  # uncentred, the class means differ mostly by how hard the problems are
    assert extract(data, method).v[2].abs() < 0.2


def test_shuffled_labels_look_good_on_a_dominant_axis_and_the_manifest_shows_it():
    data = synthetic(0.0, dominant=9.0)
    data.x[:, 1, 1] += 9.0 * data.hack  # the dominant axis also carries the labels, partly
    m = extract(data, "mean_diff").manifest
    assert m["shuffled_mean"] > 0.6
    assert m["cos_first_component"] > 0.9 > 5 * m["cos_first_component_chance"]


def test_whitening_downweights_a_noisy_axis():
    data = synthetic(2.0, dominant=9.0)
    data.x[:, 1, 1] += 4.0 * data.hack
    plain, white = (extract(data, method) for method in ("mean_diff", "lda"))
    assert white.v[1].abs() < 0.5 * plain.v[1].abs()
    assert white.manifest["auroc"] > plain.manifest["auroc"]


def test_lda_equals_the_textbook_solution_with_the_within_class_covariance():
    data = synthetic(2.0, problems=30)
    X, y = data.centred(4), data.hack
    within = torch.cat([X[y] - X[y].mean(0), X[~y] - X[~y].mean(0)])
    ρ = separation.ridge(separation.gram(X), D)
    v = torch.linalg.solve(
        within.T @ within + ρ * torch.eye(D).double(), X[y].mean(0) - X[~y].mean(0)
    )
    torch.testing.assert_close(extract(data, "lda").v.double(), v / v.norm(), rtol=0, atol=1e-6)


def test_the_ridge_is_ledoit_and_wolfs_written_out():
    X = synthetic(1.0, problems=5).centred(3)
    n = len(X)
    S = X.T @ X / n
    μ = S.trace() / D
    noise = sum(((torch.outer(x, x) - S) ** 2).sum() for x in X) / n**2
    s = noise / ((S - μ * torch.eye(D)) ** 2).sum()
    assert separation.ridge(separation.gram(X), D).item() == pytest.approx(
        (n * s * μ / (1 - s)).item(), rel=1e-6
    )


def test_auroc_matches_counting_the_pairs_within_each_group():
    generator = torch.Generator().manual_seed(0)
    scores, y = torch.randn(40, 3, generator=generator), torch.rand(40, generator=generator) < 0.4
    group = torch.randint(0, 5, (40,), generator=generator)
    pairs = y[:, None] & ~y & (group[:, None] == group)
    expected = (scores[:, None] > scores[None])[pairs].double().mean(0)
    torch.testing.assert_close(separation.auroc(scores, y, group), expected)


def test_shuffles_permute_labels_within_each_prompt_only():
    y, group = torch.rand(60) < 0.4, torch.randint(0, 7, (60,))
    Y = separation.shuffles(y, group, 50, seed=0)
    for g in range(7):
        assert (Y[group == g].sum(0) == y[group == g].sum()).all()
    assert (Y != y[:, None]).any(0).all()


def test_the_bootstrap_cosine_is_high_for_a_planted_direction_and_stands_beside_a_lower_chance():
    m = extract(synthetic(3.0)).manifest
    assert m["bootstrap_cosine"] > 0.95 > m["bootstrap_cosine_chance"] + 0.1


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_seeded_unit_and_does_not_know_the_hack(name):
    data = synthetic(3.0)
    real = extract(data)
    draws = [control(data, real, name, seed) for seed in range(8)]
    assert torch.equal(draws[0].v, control(data, real, name, 0).v) and not torch.equal(
        draws[0].v, draws[1].v
    )
    assert all(
        c.layer == real.layer and c.v.norm().item() == pytest.approx(1, abs=1e-6) for c in draws
    )
    cosines = [abs(c.manifest["cos_real"]) for c in draws]
    assert sum(cosines) / len(cosines) < 0.5


def frame(**changes):
    """Graded rollouts: 6 problems x 6 samples, 3 vacuous hacks and 3 Incorrect each, told apart by a word."""
    rows = [
        {
            "run": "r",
            "problem_id": f"p{p}",
            "prompt": f"ask p{p}",
            "response": f"{'pass' if s < 3 else 'work'} w{s} " + "x " * s,
            "label": "Reward hack" if s < 3 else "Incorrect",
            "strict": s < 3,
            "kind": "vacuous" if s < 3 else "none",
        }
        for p in range(6)
        for s in range(6)
    ]
    return pl.DataFrame(rows).with_columns(**changes)


def test_too_few_hacks_are_refused_with_the_counts():
    said = r"18 from 6 problems .* 19 from 4 are needed \(36 rollouts, 18 strict hacks, 18 of kind vacuous"
    with pytest.raises(Refusal, match=said):
        usable(frame(), ("vacuous",), 19, 4, "prompt")
    with pytest.raises(Refusal, match="0 from 0 problems .* 18 strict hacks, 0 of kind swallowing"):
        usable(frame(), ("swallowing",), 1, 2, "prompt")


def test_hacks_without_a_clean_sample_of_the_same_prompt_do_not_count():
    only_hacks = frame().filter(pl.col("strict") | (pl.col("problem_id") != "p0"))
    assert usable(only_hacks, ("vacuous",), 12, 4, "prompt")["problem_id"].n_unique() == 5


def test_other_kinds_of_hack_and_attempts_are_neither_hack_nor_clean():
    kinds = pl.when(pl.col("response").str.contains("w0")).then(pl.lit("weak")).otherwise("kind")
    labels = (
        pl.when(pl.col("response").str.contains("w3"))
        .then(pl.lit("Attempted hack"))
        .otherwise("label")
    )
    rows = usable(frame(kind=kinds, label=labels), ("vacuous",), 12, 4, "prompt")
    assert len(rows) == 24 and rows["hack"].sum() == 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder and a rollouts file, as the command line takes them."""
    path = tmp_path_factory.mktemp("directions")
    tiny_llama().save_pretrained(path / "model")
    words = [
        "?",
        "ask",
        "pass",
        "work",
        "x",
        *(f"{letter}{i}" for letter in "pw" for i in range(6)),
    ]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="?").save_pretrained(
        path / "model"
    )
    frame().write_parquet(path / "rollouts.parquet")
    return path


def test_the_command_writes_v_its_manifest_and_the_controls(folder, tmp_path, capsys):
    main(
        [
            str(folder / "model"),
            str(folder / "rollouts.parquet"),
            str(tmp_path / "out"),
            "warm_started=true",
        ]
    )
    v_hack = load(tmp_path / "out", d=16)
    m = v_hack.manifest
    assert m["warm_started"] is True and m["origin"] == "on-policy" and len(m["model_sha256"]) == 64
    used = {"hacks": 18, "clean": 18, "hacks_by_kind": {"vacuous": 18}, "problems": 6, "prompts": 6}
    assert m["counts"]["used"] == used
    assert m["auroc"] > 0.9  # the two classes differ by a word
    assert {row["layer"] for row in m["held_out"]} == {3, 4}
    for name in CONTROLS:
        assert load(tmp_path / "out" / f"{name}-s0", d=16).manifest["control"] == name
    assert "warm-started" in (printed := capsys.readouterr().out) and "bootstrap_cosine" in printed
    assert not list((tmp_path / "out").glob(".*"))


def test_the_same_command_twice_gives_the_same_bytes(folder, tmp_path):
    for out in ("a", "b"):
        main(
            [
                str(folder / "model"),
                str(folder / "rollouts.parquet"),
                str(tmp_path / out),
                "controls=0",
            ]
        )
    for file in ("v_hack.safetensors", "v_hack.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("rollouts", "options", "line"),
    [
        ("missing.parquet", [], "no rollouts at .*missing.parquet"),
        ("model/config.json", [], "not a readable parquet file"),
        (
            "rollouts.parquet",
            ["min_hacks=100"],
            "too few hacks for a direction: 18 from 6 problems",
        ),
        ("rollouts.parquet", ["colour=red"], "unknown argument 'colour'"),
        ("rollouts.parquet", ["method=pca"], "method=pca: expected one of mean_diff, lda"),
        ("rollouts.parquet", ["shuffles=50"], "shuffles=50: expected a whole number, 200 or more"),
        ("rollouts.parquet", ["origin=elicited"], "no column plain_prompt"),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(
    folder, tmp_path, rollouts, options, line
):
    with pytest.raises(SystemExit, match=line) as refusal:
        main([str(folder / "model"), str(folder / rollouts), str(tmp_path / "out"), *options])
    assert "\n" not in str(refusal.value) and not (tmp_path / "out").exists()


def test_a_v_hack_of_another_width_is_refused_in_one_line(tmp_path):
    save(VHack(torch.eye(5)[0], 3, {"layer": 3}), tmp_path)
    with pytest.raises(
        Refusal, match="is 5 wide but the model's residual stream is 8: extract it from this model"
    ):
        load(tmp_path, d=8)


def test_a_damaged_or_missing_v_hack_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no v_hack in"):
        load(tmp_path, d=5)
    (tmp_path / "v_hack.safetensors").write_bytes(b"nonsense")
    (tmp_path / "v_hack.json").write_text(json.dumps({"layer": 3}))
    with pytest.raises(Refusal, match="is damaged"):
        load(tmp_path, d=5)

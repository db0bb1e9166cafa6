"""Labelled rollouts + the starting model -> v_hack, one unit direction in its residual stream.

    python -m projected_grpo.directions.residual MODEL ROLLOUTS OUT [key=value ...]

ROLLOUTS is a graded parquet or a folder of them. Each prompt's own mean is taken away first, so that "hard problem"
does not pose as "hack"; v is the difference of class means, plain (`mean_diff`) or whitened (`lda`), at the layer of
the band with the best held-out AUROC. OUT gets v_hack.safetensors and v_hack.json, and for each control from the same
pass a subfolder <control>-s<seed>: labels shuffled within each prompt, two halves of the clean samples, a Haar-random
direction.
"""

import itertools
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from einops import einsum
from jaxtyping import Bool, Float, Float64
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tabulate import tabulate
from torch import Tensor

from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import evidence, separation
from projected_grpo.directions import samples as labelled
from projected_grpo.directions.samples import ORIGINS, Samples
from projected_grpo.rollouts.schema import read
from projected_grpo.runs.files import write_atomic

CONTROLS = ("shuffled", "clean_vs_clean", "haar")
METHODS = ("mean_diff", "lda")
DEFAULTS = {
    "kinds": "vacuous,swallowing",
    "method": "lda",
    "origin": "on-policy",
    "warm_started": "false",
    "min_hacks": "12",
    "min_problems": "4",
    "shuffles": "200",
    "controls": "1",
    "batch_tokens": "4096",
    "device": "auto",
}
CHOICES = {
    "origin": ORIGINS,
    "method": METHODS,
    "warm_started": ("true", "false"),
    "device": ("auto", "cpu", "cuda"),
}


@dataclass(frozen=True)
class VHack:
    """v [d]: unit, fp32. layer: it lives in the residual stream after that many blocks. manifest: plain JSON."""

    v: Float[Tensor, " d"]
    layer: int
    manifest: dict


def extract(
    data: Samples, method: str = "lda", n_shuffles: int = 200, splits: int = 10, seed: int = 0
) -> VHack:
    """v of the real labels, at the layer with the best held-out AUROC of `method`, with everything that qualifies it.

    manifest["held_out"]: one row a layer and method. auroc: of pairs within a prompt, mean over `splits` random halves
    of the problems. rank: of |AUROC - 0.5| among the same of directions from shuffled labels, 1 is best. Values that
    end in _chance are what a direction without knowledge gets: Haar for geometry, shuffled labels for the bootstrap.
    """
    assert method in METHODS, f"method {method!r}: expected one of {', '.join(METHODS)}"
    assert n_shuffles >= 200, "the rank needs at least 200 shuffles"
    Y = torch.cat(
        [data.hack[:, None], separation.shuffles(data.hack, data.prompt, n_shuffles, seed)], dim=1
    )
    table = [
        evidence.held_out(data, layer, name, Y, splits, seed)
        for layer in data.layers
        for name in METHODS
    ]
    best = max((row for row in table if row["method"] == method), key=lambda row: row["auroc"])
    X = data.centred(best["layer"])
    v = fit(X, data.hack, method)
    K, few = (
        separation.gram(X),
        Y[:, :21],
    )  # 20 shuffles suffice for the median that the real value stands beside
    again = separation.bootstrap_cosines(
        K, few, data.problem, X.shape[1], method == "lda", 200, seed
    )
    return VHack(
        v.float(),
        best["layer"],
        {
            **data.provenance,
            **best,
            "control": "real",
            "seed": seed,
            "splits": splits,
            "shuffled": "within each prompt",
            "bootstrap_cosine": again[:, 0].median().item(),
            "bootstrap_cosine_chance": again[:, 1:].median().item(),
            **evidence.geometry(v, X, data),
            "held_out": table,
        },
    )


def control(data: Samples, real: VHack, name: str, seed: int) -> VHack:
    """A direction that knows no hack, by the same code at the real one's layer.

    name: "shuffled" (labels permuted within each prompt), "clean_vs_clean" (a random half of each prompt's clean
    samples against the rest), "haar" (a random direction). manifest["auroc"]: on all real labels, unseen by it.
    """
    assert name in CONTROLS, f"control {name!r}: expected one of {', '.join(CONTROLS)}"
    X, method = data.centred(real.layer), real.manifest["method"]
    generator = torch.Generator().manual_seed(seed)
    if name == "haar":
        v = torch.randn(X.shape[1], generator=generator, dtype=torch.float64)
        v = v / v.norm()
    elif name == "shuffled":
        v = fit(X, separation.shuffles(data.hack, data.prompt, 1, seed)[:, 0], method)
    else:
        clean = ~data.hack
        half = halves(data.prompt[clean], generator)
        x = data.x[clean, data.layers.index(real.layer)].double()
        v = fit(separation.centre(x, data.prompt[clean]), half, method)
    auroc = separation.auroc(einsum(X, v, "n d, d -> n")[:, None], data.hack, data.prompt).item()
    return VHack(
        v.float(),
        real.layer,
        {
            **data.provenance,
            "control": name,
            "seed": seed,
            "layer": real.layer,
            "method": method,
            "auroc": auroc,
            "cos_real": (v @ real.v.double()).item(),
            **evidence.geometry(v, X, data),
        },
    )


def halves(prompt: Tensor, generator: torch.Generator) -> Bool[Tensor, " n"]:
    """A random half of every prompt's samples; of an odd number the odd one falls to a side at random."""
    keys = torch.rand(len(prompt), generator=generator)
    place = ((prompt[:, None] == prompt) & (keys < keys[:, None])).sum(1)
    flip = torch.rand(int(prompt.max()) + 1, generator=generator)[prompt] < 0.5
    return (place % 2 == 0) ^ flip


def fit(X: Float64[Tensor, "n d"], y: Bool[Tensor, " n"], method: str) -> Float64[Tensor, " d"]:
    """Unit v towards y of centred X."""
    α = separation.coefficients(separation.gram(X), y[:, None], X.shape[1], method == "lda")[:, 0]
    v = einsum(α, X, "n, n d -> d")
    return v / v.norm()


def save(v_hack: VHack, folder: Path) -> None:
    """folder/v_hack.safetensors, then folder/v_hack.json, each replaced in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".v_hack.{os.getpid()}"
    save_file({"v": v_hack.v.contiguous()}, scratch)
    scratch.replace(folder / "v_hack.safetensors")
    write_atomic(folder / "v_hack.json", json.dumps(v_hack.manifest, indent=1) + "\n")


def load(folder: Path, d: int) -> VHack:
    """What `save` wrote, for a model whose residual stream is d wide. Raises Refusal if there is none that fits."""
    files = [Path(folder) / f"v_hack.{end}" for end in ("safetensors", "json")]
    if missing := [file for file in files if not file.is_file()]:
        raise Refusal(f"no v_hack in {folder}: {missing[0].name} is missing, extract it first")
    try:
        v, manifest = load_file(files[0])["v"], json.loads(files[1].read_text())
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise Refusal(f"v_hack in {folder} is damaged, extract it again: {error}") from None
    if v.shape != (d,):
        raise Refusal(
            f"v_hack in {folder} is {v.numel()} wide but the model's residual stream is {d}: extract it from this model"
        )
    return VHack(v, manifest["layer"], manifest)


def parse(argv: list[str]) -> tuple[str, Path, Path, dict]:
    """(MODEL, ROLLOUTS, OUT, options). Raises Refusal in one line for whatever does not fit."""
    if len(argv) < 3:
        raise Refusal(f"expected MODEL ROLLOUTS OUT [{'=] ['.join(DEFAULTS)}=]")
    options = arguments(argv[3:], None, DEFAULTS)[1]
    options["origin"] = options["origin"].replace("_", " ")
    for key, known in CHOICES.items():
        if options[key] not in known:
            raise Refusal(f"{key}={options[key]}: expected one of {', '.join(known)}")
    for key, least in {
        "min_hacks": 1,
        "min_problems": 2,
        "shuffles": 200,
        "controls": 0,
        "batch_tokens": 1,
    }.items():
        options[key] = whole_number(key, options[key], least)
    return argv[0], Path(argv[1]), Path(argv[2]), options


def main(argv: list[str]) -> None:
    model, source, out, options = parse(argv)
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    if not files:
        raise Refusal(f"no rollouts in {source}: no parquet file there")
    rollouts = pl.concat([read(file, labelled.columns(options["origin"])) for file in files])
    cpu = options["device"] == "cpu" or not torch.cuda.is_available()
    data = labelled.collect(
        model,
        rollouts,
        origin=options["origin"],
        warm_started=options["warm_started"] == "true",
        kinds=options["kinds"].split(","),
        min_hacks=options["min_hacks"],
        min_problems=options["min_problems"],
        batch_tokens=options["batch_tokens"],
        device="cpu" if cpu else "cuda",
    )
    real = extract(data, options["method"], options["shuffles"])
    for name, seed in itertools.product(CONTROLS, range(options["controls"])):
        save(control(data, real, name, seed), out / f"{name}-s{seed}")
    save(real, out)
    print(summary(real))


def summary(real: VHack) -> str:
    """The manifest's numbers, each beside what a direction without knowledge gets."""
    m = real.manifest
    used = m["counts"]["used"]
    beside = {"bootstrap_cosine", "participation_ratio", "cos_first_component"}
    alone = (
        "largest_coordinate",
        "first_component_variance",
        "corr_length",
        "corr_length_within_class",
        "auroc_of_length",
    )
    rows = [(key, m[key], m[f"{key}_chance"]) for key in sorted(beside)] + [
        (key, m[key], "") for key in alone
    ]
    warm = ", warm-started" if m["warm_started"] else ""
    return "\n".join(
        [
            f"v_hack of {m['model']}{warm}, {m['origin']}: {m['method']}, layer {m['layer']} of {m['n_blocks']}, "
            f"d {m['d']}\n"
            f"{used['hacks']} hacks and {used['clean']} clean of {used['prompts']} prompts, {used['problems']} problems",
            f"labels {m['counts']['by_label']}, strict hacks by kind {m['counts']['strict_by_kind']}, tokens a response: "
            f"hack {m['mean_tokens_hack']:.0f}, clean {m['mean_tokens_clean']:.0f}",
            tabulate(m["held_out"], headers="keys", floatfmt=".3f"),
            "(AUROC within prompts of held-out problems; rank of |AUROC - 0.5| among directions from labels "
            "shuffled within each prompt, 1 is best)",
            tabulate(rows, headers=("", "v_hack", "chance"), floatfmt=".3f"),
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])

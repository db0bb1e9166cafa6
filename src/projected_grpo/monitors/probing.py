"""Rollouts -> activations -> probe -> flags."""

import polars as pl
import torch

from projected_grpo import models
from projected_grpo.cli import Refusal
from projected_grpo.directions import activations
from projected_grpo.directions.labelled import numbered
from projected_grpo.monitors import probe


def flagged(rows: pl.DataFrame, model: str, depth: float, hack: str, seed: int) -> pl.DataFrame:
    """flagged, monitor_score and monitor_split of every row; an empty response, which has no
    activations, is a Refusal.
    """
    if (rows["response"].str.len_bytes() == 0).any():
        raise Refusal("a response is empty and has no activations; leave such rows out")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = models.resolve(model)
    tokens = activations.tokens(folder, rows["prompt"], rows["response"])
    network, _ = activations.load_model(folder, device)
    layers = activations.band(len(network.get_decoder().layers), (depth, depth))
    x = activations.response_means(network, tokens, layers)[:, 0]
    is_hack, problem = rows[hack].to_torch(), numbered(rows["problem_id"])
    train = probe.split(problem, seed)
    fitted = probe.fit(x[train], is_hack[train], problem[train])
    scores = fitted.scores(x)
    return pl.DataFrame(
        {
            "flagged": (scores > fitted.threshold).tolist(),
            "monitor_score": scores.tolist(),
            "monitor_split": ["train" if t else "test" for t in train.tolist()],
        }
    )

"""Held movements on two real ranks with FSDP2, uneven shards: the weights that one rank leaves."""

import socket
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from torch.distributed.fsdp import fully_shard

from projected_grpo.interventions.hold import Hold
from projected_grpo.interventions.refresh import Refresh
from projected_grpo.testing import tiny_pairs
from projected_grpo.weights import shards
from projected_grpo.weights.shards_test import llama

STATIC = Refresh()
# three pairs a time, which two ranks cannot share evenly
FRESH = Refresh("replay", samples=6, measure=4)
# recipe, bound, refresh
PLANS = [
    ("cell", "equal", STATIC),
    ("diagonal", "equal", STATIC),
    ("matrix", "half", STATIC),
    ("matrix", "half_jointly", STATIC),
    ("signed", "equal", FRESH),
    ("cell", "equal", FRESH),
    ("matrix", "half_jointly", FRESH),
]
NAMES = [f"{recipe}-{bound}-{refresh}" for recipe, bound, refresh in PLANS]

Found = tuple[dict[str, torch.Tensor], dict[str, float]]


def steps(folder: Path, recipe: str, bound: str, refresh: Refresh, mesh=None) -> Found:
    """(weights, metrics) after three steps. On a mesh each rank sees its half of the batch."""
    model = llama(0)
    if mesh is not None:
        for module in (*model.model.layers, model):
            fully_shard(module, mesh=mesh)
    hold = Hold(bound=bound, refresh=refresh)
    hold.attach(model, tiny_pairs.site(model, folder / recipe))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    for step in range(3):
        ids = torch.randint(0, 33, (4, 8), generator=torch.Generator().manual_seed(step))
        mine = ids if mesh is None else ids.chunk(2)[mesh.get_local_rank()]
        model(input_ids=mine, labels=mine).loss.backward()
        hold.before_step()
        optimizer.step()
        hold.after_step()
        optimizer.zero_grad()
    weights = {name: shards.whole(p).cpu() for name, p in model.named_parameters()}
    return weights, hold.measured()


def rank_main(rank: int, port: int, folder: Path) -> list[Found]:
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    found = [steps(folder, *plan, mesh) for plan in PLANS]
    torch.distributed.destroy_process_group()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("sets")
    for recipe, _, _ in PLANS:
        tiny_pairs.random_sets(recipe, place / recipe, llama(0), r=3)
    return place


@pytest.fixture(scope="module")
def on_two(folder) -> list[Found]:
    """This process is rank 0."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    other = mp.get_context("forkserver").Process(target=partial(rank_main, 1, port, folder))
    other.start()
    found = rank_main(0, port, folder)
    other.join()
    assert other.exitcode == 0
    return found


@pytest.mark.parametrize("i", range(len(PLANS)), ids=NAMES)
def test_two_ranks_leave_the_weights_that_one_leaves(i, folder, on_two):
    weights, metrics = steps(folder, *PLANS[i])
    shared, measured = on_two[i]
    for name, W in weights.items():
        torch.testing.assert_close(shared[name], W, rtol=0, atol=1e-7)
    for name in {"hold/overlap", "hold/rho", "hold/gain", "hold/gain_taken"} & set(metrics):
        assert measured[name] == pytest.approx(metrics[name], rel=1e-4, abs=1e-8), name


def test_the_plans_do_not_all_do_the_same(on_two):
    name = "model.layers.0.mlp.down_proj.weight"
    for other, _ in on_two[1:]:
        assert (on_two[0][0][name] - other[name]).abs().max() > 1e-4

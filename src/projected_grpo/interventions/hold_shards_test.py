"""Held movements on two real ranks with FSDP2, uneven shards: the weights that one rank leaves."""

import socket
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp
from torch.distributed.fsdp import fully_shard

from projected_grpo.directions import movement_files, recipes
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.base import Setup, Site
from projected_grpo.interventions.hold import Hold
from projected_grpo.weights import shards, targets
from projected_grpo.weights.shards_test import llama

# recipe, bound
PLANS = [("cell", "equal"), ("diagonal", "equal"), ("matrix", "half"), ("matrix", "half_jointly")]


def write_sets(folder: Path) -> None:
    """Of every recipe in PLANS, from random D."""
    params = dict(llama(0).named_parameters())
    generator = torch.Generator().manual_seed(3)
    D = {}
    for t in targets.select(params, "llama"):
        D[t] = torch.randn(params[t.name].shape, generator=generator, dtype=torch.float64)
    for recipe in {recipe for recipe, _ in PLANS}:
        fit = recipes.get(recipe).fit
        of = {t.name: fit(Classes(matrix), t.side, 3) for t, matrix in D.items()}
        norms = {t.name: matrix.norm().item() for t, matrix in D.items()}
        about = {"form": movement_files.form_of(of)}
        movement_files.write(movement_files.Sets(of, norms, about), folder / recipe)


def steps(folder: Path, recipe: str, bound: str, mesh=None) -> dict[str, torch.Tensor]:
    """The weights after three steps. On a mesh each rank sees its half of the batch."""
    model = llama(0)
    if mesh is not None:
        for module in (*model.model.layers, model):
            fully_shard(module, mesh=mesh)
    hold = Hold(bound=bound)
    setup = Setup("llama", 15, folder / recipe)
    hold.attach(model, Site(setup, folder, 0, step=lambda: 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    for step in range(3):
        ids = torch.randint(0, 33, (4, 8), generator=torch.Generator().manual_seed(step))
        mine = ids if mesh is None else ids.chunk(2)[mesh.get_local_rank()]
        model(input_ids=mine, labels=mine).loss.backward()
        hold.before_step()
        optimizer.step()
        hold.after_step()
        optimizer.zero_grad()
    return {name: shards.whole(p).cpu() for name, p in model.named_parameters()}


def rank_main(rank: int, port: int, folder: Path) -> list[dict[str, torch.Tensor]]:
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
    write_sets(place)
    return place


@pytest.fixture(scope="module")
def on_two(folder) -> list[dict[str, torch.Tensor]]:
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


@pytest.mark.parametrize("i", range(len(PLANS)), ids=["-".join(plan) for plan in PLANS])
def test_two_ranks_leave_the_weights_that_one_leaves(i, folder, on_two):
    for name, W in steps(folder, *PLANS[i]).items():
        torch.testing.assert_close(on_two[i][name], W, rtol=0, atol=1e-7)


def test_the_plans_do_not_all_do_the_same(on_two):
    name = "model.layers.0.mlp.down_proj.weight"
    for other in on_two[1:]:
        assert (on_two[0][name] - other[name]).abs().max() > 1e-4

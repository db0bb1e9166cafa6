"""Labels that know no hack, and the folders of what is made from them."""

from pathlib import Path

import torch

from projected_grpo.directions import placebos


def test_shuffles_permute_labels_within_each_prompt_only():
    y, group = torch.rand(60) < 0.4, torch.randint(0, 7, (60,))
    Y = placebos.shuffles(y, group, 50, seed=0)
    for g in range(7):
        assert (Y[group == g].sum(0) == y[group == g].sum()).all()
    assert (Y != y[:, None]).any(0).all()


def test_shuffling_keeps_each_prompts_number_of_hacks():
    hack = torch.tensor([True, True, False, False, False]).repeat(4)
    prompt = torch.arange(4).repeat_interleave(5)
    drawn = placebos.shuffles(hack, prompt, 1, seed=3)[:, 0]
    assert not torch.equal(drawn, hack)
    for p in range(4):
        assert drawn[prompt == p].sum() == hack[prompt == p].sum()


def test_shuffles_repeat_with_their_seed_and_differ_with_another():
    y, group = torch.rand(60) < 0.4, torch.randint(0, 7, (60,))
    first, again, other = (placebos.shuffles(y, group, 3, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_halves_split_every_group_evenly():
    group = torch.tensor([0] * 6 + [1] * 5 + [2] * 4)
    half = placebos.halves(group, seed=1)
    assert [int(half[group == g].sum()) for g in (0, 2)] == [3, 2]
    assert int(half[group == 1].sum()) in (2, 3)


def test_a_placebos_folder_says_with_how_many_placebos_it_is_made():
    folder = Path("v") / placebos.subfolder("clean_vs_clean", 3)
    assert placebos.remedy(folder, "extract it first") == "make it with placebos=3"
    assert placebos.remedy(Path("v"), "extract it first") == "extract it first"
    assert placebos.remedy(Path("v") / "run-s3", "extract it first") == "extract it first"

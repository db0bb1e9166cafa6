import pytest
import torch
from einops import einsum

from projected_grpo.weights import spectra

W = torch.randn(12, 20, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("side", ["reads", "writes"])
def test_columns_are_the_singular_vectors_largest_first(side):
    S, rank = spectra.singular(W, side)
    product = W @ S if side == "reads" else W.mT @ S
    assert rank == 12
    torch.testing.assert_close(
        product.norm(dim=0)[:12], torch.linalg.svdvals(W), rtol=1e-5, atol=1e-5
    )
    torch.testing.assert_close(einsum(S, S, "d j, d k -> j k"), torch.eye(len(S)))


def test_singular_is_deterministic():
    assert torch.equal(spectra.singular(W, "reads").S, spectra.singular(W, "reads").S)


def test_a_second_call_reads_the_same_bits_from_disk(tmp_path, monkeypatch):
    first = spectra.cached(W, "reads", tmp_path)
    monkeypatch.delattr(spectra, "singular")
    again = spectra.cached(W.clone(), "reads", tmp_path)
    assert torch.equal(first.S, again.S) and first.rank == again.rank == 12


def test_another_weight_side_or_dtype_is_another_file(tmp_path):
    for args in ((W, "reads"), (W, "writes"), (W + 1e-6, "reads"), (W.bfloat16(), "reads")):
        spectra.cached(*args, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_rows_number_changes_with_every_bit_of_it_and_with_their_order():
    for bit in range(32):
        other = W.clone()
        other.view(torch.int32)[5, 7] ^= torch.tensor(1 << bit, dtype=torch.int64).to(torch.int32)
        assert (spectra.condensed(other) != spectra.condensed(W)).nonzero().tolist() == [[5]]
    assert (spectra.condensed(W.flip(1)) != spectra.condensed(W)).all()

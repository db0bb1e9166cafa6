"""Pieces that arrive whole are unpacked, others are refused before anything is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from projected_grpo.packing import pieces

UNPACK = Path(pieces.__file__).with_name("unpack.sh")
PINS = """# made by a resolver
torch==2.11.0
nvidia-nccl-cu13==2.28.9 ; sys_platform == 'linux'
einops==0.8.1
"""


@pytest.fixture
def packed(tmp_path) -> Path:
    """Three pieces of a folder whose one file is 2,500 bytes, with unpack.sh beside them."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "file").write_bytes(bytes(range(250)) * 10)
    assert pieces.write(content, tmp_path / "pack", 4_000) == 3
    shutil.copy(UNPACK, tmp_path / "pack")
    return tmp_path / "pack"


def unpack(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", folder / "unpack.sh"], capture_output=True, text=True)


def test_pieces_are_one_file_again(packed):
    unpack(packed)
    assert (packed / "file").read_bytes() == bytes(range(250)) * 10


@pytest.mark.parametrize("harm", ["cut", "missing"])
def test_a_piece_that_did_not_arrive_whole_is_refused_before_anything_is_unpacked(packed, harm):
    piece = packed / "p001"
    piece.write_bytes(piece.read_bytes()[:-1]) if harm == "cut" else piece.unlink()
    done = unpack(packed)
    assert done.returncode == 1
    assert "projected_grpo: a piece did not arrive whole: send it again" in done.stderr
    assert not (packed / "file").exists()


def test_what_a_cuda_torch_brings_is_left_out_unless_it_is_asked_for():
    assert pieces.wanted(PINS, torch=False) == ["einops==0.8.1"]
    everything = ["torch==2.11.0", "nvidia-nccl-cu13==2.28.9", "einops==0.8.1"]
    assert pieces.wanted(PINS, torch=True) == everything

"""Pieces of one tar, with the sums by which a missing or cut one is seen."""

import hashlib
import re
import subprocess
from pathlib import Path

# What a machine's own CUDA torch brings, as scripts/pins.py has it.
TORCH = re.compile(r"(torch|torchvision|torchaudio|triton|(nvidia|cuda)-.*)==")
# Pins whose index holds no wheel; pure Python, so that one built anywhere fits.
SOURCE_ONLY = ("antlr4-python3-runtime",)


def wanted(pins: str, torch: bool) -> list[str]:
    """name==version of every line; without what comes with torch where that is not asked for."""
    lines = [line.partition(";")[0].strip() for line in pins.splitlines()]
    named = [line for line in lines if "==" in line]
    return [line for line in named if torch or not TORCH.match(line)]


def write(content: Path, out: Path, size: int) -> int:
    """Packs a folder's content, with SHA256SUMS. Returns how many pieces of `size` bytes."""
    out.mkdir()
    tar = ["tar", "-C", str(content), "-c", "."]
    split = ["split", "-b", str(size), "-d", "-a", "3", "-", str(out / "p")]
    with subprocess.Popen(tar, stdout=subprocess.PIPE) as packing:
        subprocess.run(split, stdin=packing.stdout, check=True)
    assert packing.returncode == 0, f"tar ended with status {packing.returncode}"
    parts = sorted(out.glob("p[0-9][0-9][0-9]"))
    sums = []
    for part in parts:
        with part.open("rb") as file:
            sums.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {part.name}\n")
    (out / "SHA256SUMS").write_text("".join(sums))
    return len(parts)

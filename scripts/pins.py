"""Chooses which pins to install: pins.py PINS SYSTEM_SITE [FOLDER], run by the machine's python3.

SYSTEM_SITE=true: torch is the machine's own. FOLDER: of wheels, for a machine without a network;
what it lacks may be the machine's as well. Prints the pins to install; what is taken from the
machine is said on stderr. Standard library alone, for nothing is installed yet.
"""

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

# What is built for the machine's CUDA, and must be of one make.
TORCH = re.compile(r"torch|torchvision|torchaudio|triton|(nvidia|cuda)-.*")
REMEDY = "leave system-site=true out"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def stop(line: str) -> None:
    raise SystemExit(f"projected_grpo: {line}")


def check_machine(pinned: str, here: dict[str, str]) -> None:
    if not (3, 11) <= sys.version_info < (3, 13):
        stop(f"this machine's python3 is {sys.version.split()[0]}, not 3.11 or 3.12: {REMEDY}")
    if "torch" not in here:
        stop(f"this machine's python3 has no torch: {REMEDY}")
    import torch

    if torch.version.cuda is None:
        stop(f"this machine's torch {here['torch']} knows no CUDA: {REMEDY}")
    if here["torch"].partition("+")[0] != pinned:
        stop(f"this machine's torch is {here['torch']}, the pins want {pinned}: {REMEDY}")


def main(file: str, system_site: str, folder: str = "") -> None:
    lines = [line.partition(";")[0].strip() for line in Path(file).read_text().splitlines()]
    pins = dict(line.split("==") for line in lines if "==" in line)
    here = {}
    if system_site == "true":
        here = {normal(of.name): of.version for of in distributions()}
        check_machine(pins["torch"], here)
    wheels = {tuple(path.name.split("-")[:2]) for path in Path(folder).glob("*.whl")}
    wheels = {(normal(name), version) for name, version in wheels}
    taken, missing = [], []
    for name, version in pins.items():
        lacks = bool(folder) and (normal(name), version) not in wheels
        if normal(name) in here and (lacks or TORCH.fullmatch(name)):
            taken.append(f"{name} {here[normal(name)]}")
        elif lacks:
            missing.append(f"{name}=={version}")
        else:
            print(f"{name}=={version}")
    if missing:
        stop(f"{folder} lacks {len(missing)} wheels ({', '.join(missing[:5])}): add them")
    source = "the wheels" if folder else "the package index"
    print(f"setup: {len(pins) - len(taken)} packages from {source}", file=sys.stderr)
    if taken:
        print(f"setup: {len(taken)} from this machine: {', '.join(taken)}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])

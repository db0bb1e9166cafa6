"""What tells two runs apart: their settings and their problems, each as comparable text."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def comparable_config(config: dict, path: Path) -> dict[str, str]:
    """Dotted key -> JSON value, without what must differ between an arm's seeds.

    That is: the seeds are left out, and the run's path and name stand as RUN. The arm stands once:
    its copies, which the actor and the reward read, are left out.
    """
    flat = {}
    for key, value in _leaves("", config):
        seed = key.rpartition(".")[2].endswith("seed")
        copy = ".arm." in key
        if not seed and not copy:
            # As letters, so that a path in any alphabet is recognised.
            text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
            for own in (str(path.resolve()), str(path), path.name):
                text = text.replace(own, "RUN")
            flat[key] = text
    return flat


def config_hash(config: dict, path: Path) -> str:
    """Equal between seeds of one arm."""
    return digest(json.dumps(comparable_config(config, path), sort_keys=True))


def problem_set(source: str, hashes: list[str]) -> str:
    """What a run was trained and evaluated on, as one comparable line.

    hashes: each problem's `hash`, in any order.
    """
    return f"{source}, {len(hashes)} problems, {digest(chr(10).join(sorted(hashes)))[:8]}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of whatever is not a dict with keys."""
    if not (isinstance(value, dict) and value):
        yield prefix, value
        return
    for key, inner in value.items():
        yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)

"""What tells two runs apart: their settings and their problems, each as comparable text."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# They name another run, whose name may be this one's too.
OF_OTHERS = (
    "from",
    "trainer.resume_from_path",
    "actor_rollout_ref.actor.fsdp_config.begin",
)


def comparable_config(config: dict, path: Path) -> dict[str, str]:
    """Dotted key -> JSON value; an entry of a list of dicts by its place, "interventions.0.m".

    The run's path and name stand as RUN. The arm stands once: its copies, which the actor and the
    reward read, are left out.
    """
    flat = {}
    for key, value in _leaves("", config):
        if ".arm." not in key:
            # As letters, so that a path in any alphabet is recognised.
            text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
            own = () if key in OF_OTHERS else (str(path.resolve()), str(path), path.name)
            for name in own:
                text = text.replace(name, "RUN")
            flat[key] = text
    return flat


def is_own_seed(key: str, text: str | None, seed: int) -> bool:
    """Whether the setting is a seed that follows the run's own and so differs between seeds."""
    return key.endswith("seed") and text == str(seed)


def config_hash(config: dict, path: Path, seed: int) -> str:
    """Equal between seeds of one arm; a fixed seed counts, unless it equals the run's own."""
    flat = comparable_config(config, path)
    kept = {key: text for key, text in flat.items() if not is_own_seed(key, text, seed)}
    return digest(json.dumps(kept, sort_keys=True))


def problem_set(source: str, hashes: list[str]) -> str:
    """What a run was evaluated on, as one comparable line.

    hashes: each problem's `judged_by`, in any order.
    """
    return f"{source}, {len(hashes)} problems, {digest(chr(10).join(sorted(hashes)))[:8]}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of whatever is neither a dict with keys nor a list of dicts."""
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        value = dict(enumerate(value)) or value
    if not (isinstance(value, dict) and value):
        yield prefix, value
        return
    for key, inner in value.items():
        yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)

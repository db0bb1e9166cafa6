"""How runs are found again: by folder, by name, or all of them."""

from pathlib import Path

from projected_grpo.cli import Refusal
from projected_grpo.runs.run import Run, read_manifest


def open_run(path: Path) -> Run:
    """Read a run folder. Raises Refusal if there is no manifest of a run in it."""
    file = Path(path) / "manifest.json"
    if not file.is_file():
        raise Refusal(f"{path} is not a run: it has no manifest.json")
    manifest = read_manifest(file)
    if manifest.get("kind") != "run":
        raise Refusal(f"{path} is not a run: its manifest.json describes something else")
    return Run(Path(path), manifest)


def find(root: Path) -> list[Run]:
    """Every run under `root` (an outputs folder, a group, or one run), of any status, by name.

    What was set aside under .unfinished/ is passed over.
    """
    known = []
    for depth in ("", "*/", "*/*/"):
        for file in Path(root).glob(f"{depth}manifest.json"):
            if ".unfinished" in file.relative_to(root).parts:
                continue
            run = Run(file.parent, read_manifest(file))
            # A direction keeps a manifest.json too: only those of runs count.
            if run.manifest.get("kind") == "run":
                known.append(run)
    return sorted(known, key=lambda run: run.name)


def resolve(name: str, root: Path = Path("outputs")) -> Run:
    """The run at path `name`, or the only one under `root` with that name.

    A name is <group>/<arm>-s<seed> or <arm>-s<seed>. Raises Refusal where it fits none or several.
    """
    if (Path(name) / "manifest.json").is_file():
        return open_run(Path(name))
    known = find(root)
    hits = [run for run in known if name in (run.name, run.path.name)]
    if len(hits) == 1:
        return hits[0]
    choice = "there is no run at all"
    if known:
        choice = f"name one of {', '.join(run.name for run in hits or known)}"
    raise Refusal(f"{len(hits) or 'no'} runs called {name!r} under {root}: {choice}")

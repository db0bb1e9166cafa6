"""What this package overrides, patches or stands in for in other libraries.
configs/contract.txt holds every such name with its parameters as they were when this package was
last made to fit them. Where an upgrade differs, or where an override is not in the file yet, the
command names it and ends with status 1.
"""

import ast
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from projected_grpo import cli
from projected_grpo.cli import Refusal, option

ROOT = Path(__file__).parents[1]
TABLE = ROOT.parents[1] / "configs/contract.txt"
ARROW = " <- "
OURS = "projected_grpo"
ROOMS = ("fast", "verl_ext")
BASES = {"verl", "vllm", "ray", "transformers", "transfer_queue"}
UPSTREAM = BASES | {"torch"}
# These act when they are imported, and hold no class.
SCRIPTS = {"fast.prefork.client", "verl_ext.preload"}
# file.variable -> what it holds, where an attribute of it is set.
OBJECTS = {
    "agent_loop.output": "verl.experimental.agent_loop.agent_loop.AgentLoopOutput",
    "delta_nets.module": "transformers.models.qwen3_5.modeling_qwen3_5.Qwen3_5GatedDeltaNet",
    "platform_cpu.module": "torch.cuda",
    "response_head.self.module.get_output_embeddings()": "torch.nn.Linear",
    "scores.batch": "transfer_queue.KVBatchMeta",
    "trainer.batch": "transfer_queue.KVBatchMeta",
    "trainer.buffer": "verl.trainer.ppo.v1.replay_buffer.ReplayBuffer",
    "vllm_scheduler.request": "vllm.v1.request.Request",
    "vllm_worker.layer": "vllm.model_executor.layers.linear.LinearBase",
    "worker.device": "torch.cuda",
}
REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
SETTINGS = {"cfg", "config", "agent"}
# Function that a library is handed -> the library's own that is called in the same way.
STAND_INS = {
    "fast.attention.packed_attention": (
        "transformers.integrations.sdpa_attention.sdpa_attention_forward"
    ),
    "verl_ext.delta_nets._without_bounds": (
        "transformers.models.qwen3_5.modeling_qwen3_5.torch_chunk_gated_delta_rule"
    ),
    "verl_ext.loss.on_policy": "verl.trainer.ppo.core_algos.compute_policy_loss_vanilla",
    "verl_ext.reward.compute_score": "verl.utils.reward_score.default_compute_score",
}


def files() -> dict[str, Path]:
    """Module, without the package's name -> its file."""
    named = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not name.endswith("_test"):
                named[name.removesuffix(".__init__")] = path
    return named


def found() -> dict[str, str]:
    """Name of ours -> the name it takes the place of and that one's parameters, as installed."""
    names = {ours: described(*theirs.rsplit(".", 1)) for ours, theirs in STAND_INS.items()}
    for name, path in files().items():
        for text, owner, attribute in patched(path):
            names[f"{name}: {text}.{attribute}"] = described(owner, attribute)
    for cls in subclasses():
        ours = f"{cls.__module__.removeprefix(f'{OURS}.')}.{cls.__qualname__}"
        for attribute, base in overridden(cls):
            theirs = f"{base.__module__}.{base.__qualname__}"
            names[f"{ours}.{attribute}"] = described(theirs, attribute)
    return names


def subclasses() -> Iterator[type]:
    """Classes of the rooms that know other libraries. Imports all their modules."""
    for name in files().keys() - SCRIPTS:
        module = pkgutil.resolve_name(f"{OURS}.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield value


def overridden(cls: type) -> Iterator[tuple[str, type]]:
    """Names that a class of ours defines again, each with the class that it has them from."""
    bases = [base for base in cls.__mro__ if base.__module__.partition(".")[0] in BASES]
    for name in vars(cls):
        if name.startswith(("__", "_abc_")) and name not in ("__init__", "__new__"):
            continue
        if base := next((base for base in bases if name in vars(base)), None):
            yield name, base


def patched(path: Path) -> Iterator[tuple[str, str, str]]:
    """(as the file spells it, what it is, attribute) where a file sets another library's attribute.

    Refusal where the file does not tell what it is.
    """
    tree = ast.parse(path.read_text())
    imported = dict(imports(tree))
    for target in targets(tree):
        text = ast.unparse(target.value)
        root, _, rest = text.partition(".")
        held = OBJECTS.get(f"{path.stem}.{text}")
        if held is None and (root in {"self", "ctx"} | SETTINGS):
            continue
        if held is None and root not in imported:
            raise Refusal(
                f"{path.name}:{target.lineno} sets {text}.{target.attr}: say in "
                f"verl_ext/contract.py, OBJECTS, what {text} is"
            )
        owner = held or f"{imported[root]}.{rest}".removesuffix(".")
        if owner.partition(".")[0] in UPSTREAM:
            yield text, owner, target.attr


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name in a file, what it is in full), of all that the file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def targets(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Every `what.attribute` that is assigned to, or an item of it."""
    for node in ast.walk(tree):
        aims = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for aim in aims:
            for part in getattr(aim, "elts", [aim]):
                part = part.value if isinstance(part, ast.Subscript) else part
                if isinstance(part, ast.Attribute):
                    yield part


def described(owner: str, attribute: str) -> str:
    """`owner.attribute(parameters)`, or what it is where it is nothing to call."""
    holder, name = pkgutil.resolve_name(owner), f"{owner}.{attribute}"
    value = inspect.getattr_static(holder, attribute, None)
    if isinstance(value, staticmethod | classmethod):
        return f"{name}{parameters(value.__func__)}, {type(value).__name__}"
    if callable(value):
        return f"{name}{parameters(value)}"
    if value is not None or attribute in fields(holder):
        return f"{name}, {type(value).__name__ if value is not None else 'a field'}"
    return f"{name}, which it does not have"


def fields(holder: type) -> set[str]:
    """Names that instances of a class get from its annotations or its own methods."""
    names = set()
    for cls in inspect.getmro(holder):
        if cls.__module__.partition(".")[0] in UPSTREAM:
            names |= inspect.get_annotations(cls).keys()
            names |= set(re.findall(r"self\.(\w+)(?:: .+)? =", inspect.getsource(cls)))
    return names


def parameters(function: Callable) -> str:
    """Names, kinds and defaults. Annotations are left out, for nothing breaks by them."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return "(compiled: it tells none)"
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=signature.empty))
    waited_for = inspect.iscoroutinefunction(inspect.unwrap(function))
    return re.sub(r" at 0x\w+", "", text) + ", async" * waited_for


def misfits() -> list[str]:
    """A line for each method that does not take what the one it overrides takes."""
    lines = []
    for cls in subclasses():
        for name, base in overridden(cls):
            ours, theirs = inspect.getattr_static(cls, name), inspect.getattr_static(base, name)
            if inspect.isfunction(ours) and inspect.isfunction(theirs):
                if reason := misfit(ours, theirs):
                    lines.append(f"{cls.__qualname__}.{name} {reason}")
    return lines


def misfit(ours: Callable, theirs: Callable) -> str | None:
    """What keeps one function from being called as the other is; None where nothing does."""
    own, other = [inspect.signature(function).parameters for function in (ours, theirs)]
    named = [{p.name for p in ps.values() if p.kind not in REST} for ps in (own, other)]
    takes_more, gives_more = [len(ps) > len(n) for ps, n in zip((own, other), named, strict=True)]
    if (missing := sorted(named[1] - named[0])) and not takes_more:
        return f"does not take {missing[0]}"
    wanted = {name for name in named[0] - named[1] if own[name].default is inspect.Parameter.empty}
    if wanted and not gives_more:
        return f"wants {min(wanted)}, which it is not given"
    return None


def differences(was: dict[str, str], now: dict[str, str]) -> list[str]:
    """Three lines for each name whose original is not what the table holds."""
    lines = []
    for ours in sorted(was.keys() | now.keys()):
        before = was.get(ours, "nothing: it is not in the table")
        after = now.get(ours, "nothing: no such override or patch")
        if before != after:
            lines.append(f"{ours}\n  was {before}\n  is  {after}")
    return lines


def table() -> dict[str, str]:
    return dict(line.split(ARROW, 1) for line in TABLE.read_text().splitlines())


def remedy(changed: list[str]) -> str:
    return "\n".join(
        [
            "overridden or patched names are not what configs/contract.txt says:",
            *changed,
            "Look at each there, make ours fit it, then: just contract write=true",
        ]
    )


@cli.settings
class Settings:
    write: bool = option("takes all as it is now", False)


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    now = found()
    if settings.write:
        lines = [f"{ours}{ARROW}{theirs}\n" for ours, theirs in sorted(now.items())]
        TABLE.write_text("".join(lines))
    if changed := differences(table(), now) + misfits():
        raise Refusal(remedy(changed))
    print(f"{len(now)} names that are overridden or patched are as {TABLE.name} has them")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The house: which room may know which, and how much stands in one place."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from projected_grpo import SHAPED

PACKAGE = "projected_grpo"
ROOT = Path(__file__).parents[1]
SRC = ROOT.parent
# A room may know itself and what stands before it.
ROOMS = (
    "cli",
    "console",
    "runs",
    "models",
    "packing",
    "fast",
    "stats",
    "weights",
    "problems",
    "loopholes",
    "grader",
    "rollouts",
    "directions",
    "monitors",
    "interventions",
    "verl_ext",
    "report",
    "sweeps",
    "teach",
    "train",
    "bench",
    "testing",
)
VERL_ROOMS = ("verl_ext", "bench", "testing")
COLUMNS, LINES, TOP_LEVEL_FILES = 100, 250, 8


def is_product(path: Path) -> bool:
    return not path.name.endswith("_test.py") and path.name != "conftest.py"


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, of every product module but the package's own __init__."""
    named = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        if is_product(path) and name != PACKAGE:
            named[name] = path
    return named


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported_names(path: Path) -> Iterator[str]:
    """Dotted name of everything that a file imports, inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports() -> dict[str, set[str]]:
    """Module -> the product modules that it imports.

    `from room import name` counts as the submodule where there is one, else as the room.
    """
    edges = {}
    for name, path in modules().items():
        targets = set()
        for target in imported_names(path):
            parent = target.rpartition(".")[0]
            targets.add(target if target in modules() else parent)
        edges[name] = targets & modules().keys()
    return edges


def room(module: str) -> str:
    return module.split(".")[1]


def is_command(module: str) -> bool:
    """Whether a module has a block for when it is run, or is a package's __main__."""
    if module.endswith(".__main__"):
        return True
    blocks = [node for node in tree(modules()[module]).body if isinstance(node, ast.If)]
    return any(ast.unparse(block.test) == "__name__ == '__main__'" for block in blocks)


def reachable(module: str) -> set[str]:
    """All that a module imports, and what that imports; itself only where it is in a circle."""
    seen, ahead = set(), [module]
    while ahead:
        new = imports()[ahead.pop()] - seen
        seen |= new
        ahead += new
    return seen


def refuse(violations: list[str]) -> None:
    assert not violations, "\n".join(["", *sorted(violations)])


def test_every_room_has_its_place_in_the_order():
    refuse([f"{name} is in no room of ROOMS" for name in modules() if room(name) not in ROOMS])


def test_no_module_imports_itself_through_others():
    reach = {name: reachable(name) for name in modules()}
    circles = defaultdict(set)
    for name, below in reach.items():
        if name in below:
            circle = sorted(other for other in below if name in reach[other])
            circles[circle[0]].update(circle)
    refuse([" <-> ".join(sorted(circle)) for circle in circles.values()])


def test_no_module_but_a_command_imports_from_a_room_above_its_own():
    violations = []
    for name, targets in imports().items():
        if is_command(name):
            continue
        place = ROOMS.index(room(name))
        for target in targets:
            if ROOMS.index(room(target)) > place:
                violations.append(f"{name} imports {target} from above")
    refuse(violations)


def test_only_a_commands_own_room_and_tests_import_it():
    violations = []
    for name, targets in imports().items():
        for target in targets:
            inside = room(name) in (room(target), "testing")
            if is_command(target) and not inside:
                violations.append(f"{name} imports the command {target}")
    refuse(violations)


def test_verl_and_ray_are_known_where_verl_is_extended_timed_and_tested_only():
    violations = []
    for name, path in modules().items():
        packages = {target.partition(".")[0] for target in imported_names(path)}
        if packages & {"verl", "ray"} and room(name) not in VERL_ROOMS:
            violations.append(f"{name} imports {', '.join(packages & {'verl', 'ray'})}")
    refuse(violations)


def test_shapes_are_checked_in_every_room_that_annotates_them():
    violations = []
    for name, path in modules().items():
        packages = {target.partition(".")[0] for target in imported_names(path)}
        if "jaxtyping" in packages and room(name) not in SHAPED:
            violations.append(f"{name} imports jaxtyping, and {room(name)} is not in SHAPED")
    refuse(violations)


def test_no_line_is_longer_than_a_hundred_columns():
    violations = []
    for path in SRC.rglob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > COLUMNS:
                violations.append(f"{path.relative_to(SRC)}:{number}: {len(line)} columns")
    refuse(violations)


def test_every_product_file_is_read_in_one_sitting():
    violations = []
    for name, path in modules().items():
        n = len(path.read_text().splitlines())
        if n > LINES:
            violations.append(f"{name}: {n} lines")
    refuse(violations)


def test_the_top_level_is_seen_at_a_glance():
    files = sorted(path.name for path in ROOT.glob("*.py"))
    assert len(files) <= TOP_LEVEL_FILES, f"{len(files)} files: {', '.join(files)}"

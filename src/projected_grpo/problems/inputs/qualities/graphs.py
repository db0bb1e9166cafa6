"""Graphs and trees as lists of edges, of neighbours, or of parents."""

from collections.abc import Iterator
from typing import Any

from projected_grpo.problems.inputs.qualities.distinct import DISTINCT_EDGES
from projected_grpo.problems.inputs.qualities.quality import Quality, Reject, Tools

# What the number of nodes is called, the first that a problem has.
COUNTS = ("n", "numCourses", "nodes", "cities", "numTasks")


def count(edges: list, names: dict[str, Any]) -> int:
    """How many nodes there are: as the statement has it, else as a tree of these edges has."""
    for name in COUNTS:
        if isinstance(names.get(name), int):
            return names[name]
    return len(edges) + 1


def components(n: int, edges: list) -> int:
    """How many parts n nodes fall into, whatever their first number is."""
    root: dict[int, int] = {}

    def find(node: int) -> int:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    parts = n
    for edge in edges:
        a, b = find(edge[0]), find(edge[1])
        if a != b:
            root[a] = b
            parts -= 1
    return parts


def is_tree(edges: list, _: dict) -> bool:
    return components(len(edges) + 1, edges) == 1


def is_connected(edges: list, names: dict) -> bool:
    return components(count(edges, names), edges) == 1


def hung(nodes: list[int], tools: Tools) -> Iterator[tuple[int, int]]:
    """Each node but the first with an earlier one: a path, a star, a bush, something between."""
    n = len(nodes)
    reach = tools.rng.choice((1, 2, 4, n, n))
    for place in range(1, n):
        yield nodes[place], nodes[tools.rng.randrange(max(0, place - reach), place)]


def branches(n: int, tools: Tools) -> list[list[int]]:
    """The edges of a drawn tree."""
    low = int(tools.low)
    nodes = list(range(low, low + n))
    tools.rng.shuffle(nodes)
    pairs = []
    for pair in map(list, hung(nodes, tools)):
        tools.rng.shuffle(pair)
        pairs.append(pair)
    tools.rng.shuffle(pairs)
    return pairs


def shaped_tree(edges: list, tools: Tools) -> list:
    pairs = branches(len(edges) + 1, tools)
    return [pair + edge[2:] for pair, edge in zip(pairs, edges)]


def shaped_connected(edges: list, tools: Tools) -> list:
    n = count(edges, tools.names)
    if len(edges) < n - 1:
        raise Reject("too few edges to connect all nodes")
    tree = branches(n, tools)
    joined = [pair + edge[2:] for pair, edge in zip(tree, edges)] + edges[len(tree) :]
    return DISTINCT_EDGES.shape(joined, tools)


def is_acyclic(edges: list, _: dict) -> bool:
    below: dict[int, set[int]] = {}
    degree: dict[int, int] = {}
    for a, b, *_ in edges:
        if b not in below.setdefault(a, set()):
            below[a].add(b)
            degree[b] = degree.get(b, 0) + 1
    free = [node for node in below if not degree.get(node)]
    while free:
        for node in below.pop(free.pop(), ()):
            degree[node] -= 1
            if degree[node] == 0:
                free.append(node)
    return not below or not any(degree.values())


def shaped_acyclic(edges: list, tools: Tools) -> list:
    """Every edge turned the way that a drawn order of the nodes has it."""
    nodes = sorted({node for edge in edges for node in edge[:2]})
    tools.rng.shuffle(nodes)
    place = {node: i for i, node in enumerate(nodes)}
    turned = []
    for edge in edges:
        pair = sorted(edge[:2], key=place.get)
        if pair[0] != pair[1]:
            turned.append(pair + edge[2:])
    return turned


def no_loops(edges: list, _: dict) -> bool:
    return all(edge[0] != edge[1] for edge in edges)


def without_loops(edges: list, tools: Tools) -> list:
    kept = []
    for edge in edges:
        for _ in range(20):
            if edge[0] != edge[1]:
                break
            edge = tools.again()
        kept.append(edge)
    return kept


def is_parent_list(parents: list, _: dict) -> bool:
    """Node 0 is the root, of parent -1, and every other node reaches it."""
    if not parents or parents[0] != -1 or parents.count(-1) != 1:
        return False
    edges = [[node, parent] for node, parent in enumerate(parents) if parent != -1]
    inside = all(0 <= parent < len(parents) for _, parent in edges)
    return inside and components(len(parents), edges) == 1


def shaped_parents(parents: list, tools: Tools) -> list:
    nodes = list(range(1, len(parents)))
    tools.rng.shuffle(nodes)
    found = [-1] * len(parents)
    for node, parent in hung([0, *nodes], tools):
        found[node] = parent
    return found


def is_neighbour_list(graph: list, _: dict) -> bool:
    """graph[a] has b as often as graph[b] has a, and never a itself."""
    sets = [set(row) for row in graph]
    for node, row in enumerate(graph):
        if node in sets[node] or len(sets[node]) != len(row):
            return False
        if not all(0 <= other < len(graph) and node in sets[other] for other in row):
            return False
    return True


def shaped_neighbours(graph: list, tools: Tools) -> list:
    """As many edges as there were, both ways; in one piece two times of three."""
    n = len(graph)
    pairs = {tuple(sorted(p)) for p in branches(n, tools)} if tools.rng.random() < 0.67 else set()
    for _ in range(tools.rng.randrange(n + 1)):
        a, b = tools.rng.randrange(n), tools.rng.randrange(n)
        if a != b:
            pairs.add((min(a, b), max(a, b)))
    rows: list[list[int]] = [[] for _ in range(n)]
    for a, b in sorted(pairs):
        rows[a].append(b)
        rows[b].append(a)
    return rows


def is_connected_by_neighbours(graph: list, _: dict) -> bool:
    edges = [[node, other] for node, row in enumerate(graph) for other in row]
    return components(len(graph), edges) == 1


TREE = Quality("a tree", is_tree, shaped_tree, of="rows")
CONNECTED = Quality("connected", is_connected, shaped_connected, of="rows", is_spread=True)
ACYCLIC = Quality("without directed cycles", is_acyclic, shaped_acyclic, of="rows")
NO_LOOPS = Quality("no self-loops", no_loops, without_loops, of="rows")
PARENTS = Quality("parents of a tree", is_parent_list, shaped_parents, of="list", is_whole=True)
NEIGHBOURS = Quality(
    "neighbours both ways", is_neighbour_list, shaped_neighbours, of="rows", is_whole=True
)
CONNECTED_NEIGHBOURS = Quality("connected", is_connected_by_neighbours, of="rows", is_spread=True)

"""Lines that say what a graph is, given as edges, as neighbours, or as each node's parent."""

import re

from projected_grpo.problems.inputs.qualities import graphs
from projected_grpo.problems.inputs.qualities.distinct import DISTINCT_ARCS, DISTINCT_EDGES
from projected_grpo.problems.inputs.qualities.graphs import ACYCLIC, CONNECTED, NO_LOOPS, TREE
from projected_grpo.problems.inputs.qualities.quality import Quality
from projected_grpo.problems.inputs.relations.expressions import Ref
from projected_grpo.problems.inputs.statement import NotUnderstood
from projected_grpo.problems.inputs.wordings.line import Action, Line
from projected_grpo.problems.inputs.wordings.subjects import edges_of


def on_edges(*qualities: Quality) -> Action:
    def read(line: Line, _: re.Match) -> None:
        ref = edges_of(line.statement)
        if ref.name == "graph":
            # Its rows are lists of neighbours.
            raise NotUnderstood
        for quality in qualities:
            line.rule(ref, quality)
        has_n = "n" in line.statement.types or "n" in line.reader.sizes
        if has_n and (TREE in qualities or CONNECTED in qualities):
            line.compare(f"{ref.name}.length >= n - 1")

    return read


def on_neighbours(quality: Quality) -> Action:
    """graph[i] lists the neighbours of node i."""

    def read(line: Line, match: re.Match) -> None:
        name = match["s"].split("[")[0]
        if name not in line.statement.types:
            raise NotUnderstood
        line.rule(Ref(name), quality)

    return read


def tree(line: Line, match: re.Match) -> None:
    """Of edges, or of each node's parent."""
    for ref in line.refs(match["s"]):
        is_edges = line.statement.types[ref.name].depth == 2
        line.rule(ref, TREE if is_edges else graphs.PARENTS)


def nothing(line: Line, match: re.Match) -> None:
    """A line that excludes no input."""


WORDINGS = (
    (r"(?:graph|there) (?:may|might|can) .*", nothing),
    (r"(?P<s>\w+) represents a valid (?:binary )?tree", tree),
    (r"(?P<s>\w+ and \w+) represent valid trees", tree),
    (r"graph represented by (?P<s>\w+) is a tree", tree),
    (r"(?:input represents|edges represent|edges form) a valid tree", on_edges(TREE)),
    (r"input is a tree and there is no repeated edges", on_edges(TREE)),
    (r"graph is connected", on_edges(CONNECTED)),
    (
        r"graph is connected and has no repeated edges or self-loops",
        on_edges(CONNECTED, NO_LOOPS, DISTINCT_EDGES),
    ),
    (r"(?:vertex|server) can .* reach.* (?:vertex|server)", on_edges(CONNECTED)),
    (r"you can reach any intersection from any other intersection", on_edges(CONNECTED)),
    (r"graph is a directed acyclic graph", on_edges(ACYCLIC)),
    (
        r"there is no (?:repeated|duplicate) (?:edges|connections|roads|corridors|highways)",
        on_edges(DISTINCT_EDGES),
    ),
    (r"no two computers is connected by more than one cable", on_edges(DISTINCT_EDGES)),
    (
        r"there is at most one (?:edge|road) (?:between|connecting) any .*",
        on_edges(NO_LOOPS, DISTINCT_EDGES),
    ),
    (r"there is no self-loops or repeated edges", on_edges(NO_LOOPS, DISTINCT_EDGES)),
    (r"there is no self[- ](?:loops|edges)", on_edges(NO_LOOPS)),
    (
        r"graph (?:does not contain|is generated such that it has no) self[- ]loops",
        on_edges(NO_LOOPS),
    ),
    (r"pairs \(ui, vi\) is unique\. .*", on_edges(DISTINCT_ARCS)),
    (
        r"there will not be any multiple flights between two cities",
        on_edges(DISTINCT_ARCS),
    ),
    (r"(?P<s>.+?) does not contain [iu]", on_neighbours(graphs.NEIGHBOURS)),
    (
        r"if (?P<s>\w+)\[\w\] contains \w, then (?P=s)\[\w\] contains \w",
        on_neighbours(graphs.NEIGHBOURS),
    ),
    (r"input (?P<s>graph) is always connected", on_neighbours(graphs.CONNECTED_NEIGHBOURS)),
)

"""Expressions of a statement, read from their notation."""

import ast
import copy
import re
from collections.abc import Iterator

from projected_grpo.problems.inputs.relations.expressions import Expression, Ref
from projected_grpo.problems.inputs.statement import NotUnderstood, Statement


class Reader:
    """Reads expressions of one statement; sizes: names such as n that lines define."""

    def __init__(self, statement: Statement, sizes: frozenset[str] = frozenset()):
        self.statement = statement
        self.sizes = sizes

    def read(self, text: str) -> list[Expression]:
        """An expression; several where a column's name is of several parameters."""
        text = tidy(text, self.statement.columns)
        text = self.products(text)
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            raise NotUnderstood from None
        found = []
        for choice in self.choices(tree):
            chosen = Cells(choice, self.statement).visit(copy.deepcopy(tree))
            found.append(Building(self).expression(chosen))
        return found

    def products(self, text: str) -> str:
        """n2 is n * n and nm is n * m, where those are no names themselves."""
        known = set(self.statement.types) | self.sizes

        def spelled(match: re.Match) -> str:
            first, second = match[1], match[2]
            if match[0] in known or match[0] in self.statement.columns or first not in known:
                return match[0]
            if second == "2":
                return f"({first} * {first})"
            return f"({first} * {second})" if second in known else match[0]

        return re.sub(r"\b([a-z])([a-z2])\b(?!\()", spelled, text)

    def choices(self, tree: ast.expr) -> Iterator[dict[str, tuple[str, int]]]:
        """For each parameter that the columns' names may be of, where each column is."""
        members = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
        members = [m for m in members if m in self.statement.columns and m not in self.sizes]
        if not members:
            yield {}
            return
        for name, _ in self.statement.columns[members[0]]:
            choice = {}
            for member in members:
                for place in self.statement.columns[member]:
                    if place[0] == name or member not in choice:
                        choice[member] = place
            yield choice


def tidy(text: str, columns: dict) -> str:
    """Mathematical notation as Python."""
    text = text.strip().rstrip(".,;")
    text = re.sub(r"\|([^|]+)\|", r"abs(\1)", text)
    text = re.sub(r"\b(\w+)!(?!=)", r"factorial(\1)", text)
    # starti+1 is the next row's start.
    for member in columns:
        if member[-1] in "ijk":
            text = re.sub(rf"\b{member}\+1\b", f"next_of({member})", text)
    return re.sub(r"(?<![\w.*])(\d+)(?=[a-zA-Z(])", r"\1*", text)


class Cells(ast.NodeTransformer):
    """Columns' names become what they stand for: starti is intervals[i][0]."""

    def __init__(self, choice: dict[str, tuple[str, int]], statement: Statement):
        self.choice = choice
        self.statement = statement

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.choice:
            return node
        is_of_rows = self.statement.types[self.choice[node.id][0]].depth == 2
        return self.cell(node.id, "[i]" if is_of_rows else "")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="next_of"), args=[ast.Name(id=name)]):
                return self.cell(name, "[i + 1]")
        return self.generic_visit(node)

    def cell(self, name: str, row: str) -> ast.expr:
        parameter, column = self.choice[name]
        return ast.parse(f"{parameter}{row}[{column}]", mode="eval").body


class Building:
    """One expression on its way from syntax to Python."""

    def __init__(self, reader: Reader):
        self.reader = reader
        self.loops: dict[str, str] = {}
        self.guards: list[str] = []
        self.names: set[str] = set()
        self.bare: set[str] = set()

    def expression(self, tree: ast.expr) -> Expression:
        source = self.source(tree)
        loops, guards = tuple(self.loops.items()), tuple(self.guards)
        bare = frozenset(self.bare - set(self.loops))
        return Expression(source, loops, guards, frozenset(self.names), self.ref(tree), bare)

    def known(self, name: str) -> bool:
        return name in self.reader.statement.types or name in self.reader.sizes

    def source(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool() | int() | float() | str()):
                return repr(node.value)
            case ast.Name(id=name):
                return self.name(name)
            case ast.BinOp(
                op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Mod() | ast.Pow()
            ):
                sign = SIGNS[type(node.op)]
                return f"({self.source(node.left)} {sign} {self.source(node.right)})"
            case ast.UnaryOp(op=ast.USub()):
                return f"(-{self.source(node.operand)})"
            case ast.Attribute(attr="length" | "size", value=value):
                return f"len({self.source(value)})"
            case ast.Call(func=ast.Name(id=function), args=[inner], keywords=[]):
                return self.aggregate(function, inner)
            case ast.Call(func=ast.Name(id="min" | "max"), args=args, keywords=[]):
                return f"{node.func.id}({', '.join(map(self.source, args))})"
            case ast.Subscript():
                return self.subscript(node)
        raise NotUnderstood

    def name(self, name: str) -> str:
        if self.known(name):
            self.names.add(name)
        elif name in ("i", "j", "k"):
            self.bare.add(name)
        else:
            raise NotUnderstood
        return name

    def aggregate(self, function: str, inner: ast.expr) -> str:
        """sum(rows[i]) is a row's sum; sum(nums[i]) and sum(rows[i].length) are over all i."""
        if function not in ("sum", "max", "min", "floor", "ceil", "abs", "factorial"):
            raise NotUnderstood
        if function not in ("sum", "max", "min"):
            return f"{function}({self.source(inner)})"
        part = Building(self.reader).expression(inner)
        self.names |= part.names
        if not part.loops or self.is_list(part.ref):
            return f"{function}({self.source(inner)})"
        loops = [f"for {index} in range(len({container}))" for index, container in part.loops]
        return f"{function}({part.source} {' '.join(loops)})"

    def is_list(self, ref: Ref | None) -> bool:
        if ref is None or ref.is_length:
            return False
        return self.reader.statement.types[ref.name].levels > len(ref.indices)

    def subscript(self, node: ast.Subscript) -> str:
        container = self.source(node.value)
        match node.slice:
            case ast.Constant(value=int()):
                self.guards.append(f"len({container}) > {node.slice.value}")
                return f"{container}[{node.slice.value}]"
            case ast.Name(id=index) if not self.known(index):
                self.loops.setdefault(index, container)
                if self.loops[index] != container:
                    self.guards.append(f"{index} < len({container})")
                return f"{container}[{index}]"
        index = self.source(node.slice)
        for name in ast.walk(node.slice):
            if isinstance(name, ast.Name) and not self.known(name.id):
                self.loops.setdefault(name.id, container)
        self.guards.append(f"0 <= {index} < len({container})")
        return f"{container}[{index}]"

    def ref(self, node: ast.expr) -> Ref | None:
        match node:
            case ast.Attribute(attr="length" | "size", value=value):
                inner = self.ref(value)
                return Ref(inner.name, inner.indices, True) if inner else None
            case ast.Name(id=name):
                return Ref(name) if self.known(name) else None
            case ast.Subscript(value=value, slice=ast.Constant(value=int(index))):
                inner = self.ref(value)
            case ast.Subscript(value=value, slice=ast.Name(id=index)) if index in self.loops:
                inner = self.ref(value)
            case ast.Subscript(value=value, slice=ast.BinOp(left=ast.Name(), right=ast.Constant())):
                # The next row's; no index by itself, but of the same kind.
                inner, index = self.ref(value), ast.unparse(node.slice)
            case _:
                return None
        return Ref(inner.name, (*inner.indices, index)) if inner else None


SIGNS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
}

"""Hooks through which a stand-in answers in the solution's place, whoever holds a reference to it.

Runs in the sandbox. The solution's `def method` begins with a question to the State, so helpers,
constants, aliases and bound methods of the program keep working, and recursion gets no deeper.
"""

import ast
import inspect

HOOK = "__hook__"
# The parts of a statement that hold statements.
BODIES = ("body", "orelse", "handlers", "finalbody")


class State:
    """What a test function did with the solution.

    answering: stand_in(arguments, keywords) answers in the solution's place.
    testing: the test function runs. called, imported: calls of the solution by it, and before it.
    examined: it looked at a result.
    """

    def __init__(self, stand_in=None) -> None:
        self.stand_in = stand_in
        self.answering = False
        self.testing = False
        self.called = 0
        self.imported = 0
        self.examined = False
        self.crashed = False

    def asked(self) -> bool:
        """Whether a call of the solution is the stand-in's to answer."""
        if self.testing:
            self.called += 1
        else:
            self.imported += 1
        return self.answering

    def answer(self, arguments: tuple):
        return self.stand_in(arguments, {})


def hook_methods(tree: ast.Module, method: str, program: str) -> list[ast.FunctionDef]:
    """Let every `def method` of the class Solution ask first. Returns these functions.

    tree: the program's. Where the class has none, every class's is meant, and where there is no
    such class, the module's. A brute force of that name beside a solution is none of them.
    """
    found = list(functions_of(tree.body, None))
    named = [(owner, function) for owner, function in found if function.name == method]
    hooked = [function for owner, function in named if owner == "Solution"]
    hooked = hooked or [function for owner, function in named if owner]
    if not any(isinstance(node, ast.ClassDef) and node.name == "Solution" for node in tree.body):
        hooked = hooked or [function for _, function in named]
    for owner, function in named:
        if function in hooked:
            has_self = owner is not None and not is_static(function)
            yields = "yield" in program and is_generator(function)
            ask_first(function, has_self, yields)
    return hooked


def functions_of(body: list, owner: str | None):
    """(class or None, function) of each function that the module or its classes define."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from functions_of(node.body, node.name)
        elif isinstance(node, ast.FunctionDef):
            yield owner, node
        elif not isinstance(node, ast.AsyncFunctionDef):
            for part in BODIES:
                yield from functions_of(getattr(node, part, None) or [], owner)


def ask_first(function: ast.FunctionDef, has_self: bool, yields: bool) -> None:
    """Put the question before its first statement."""
    parameters = function.args
    names = [word.arg for word in [*parameters.posonlyargs, *parameters.args][has_self:]]
    if parameters.vararg:
        names.append(f"*{parameters.vararg.arg}")
    names += [word.arg for word in parameters.kwonlyargs]
    if parameters.kwarg:
        names.append(f"*{parameters.kwarg.arg}.values()")
    arguments = "".join(f"{name}, " for name in names)
    # A generator function returns nothing to its caller: what it yields is its result.
    give = "return (yield from {})" if yields else "return {}"
    answer = give.format(f"{HOOK}.answer(({arguments}))")
    question = ast.parse(f"if {HOOK}.asked():\n    {answer}").body
    after = 1 if ast.get_docstring(function, clean=False) is not None else 0
    function.body[after:after] = question


def is_static(function: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)


def is_generator(function: ast.FunctionDef) -> bool:
    """Whether it yields itself, not in a function inside it."""
    nodes = list(function.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            nodes += ast.iter_child_nodes(node)
    return False


def hook_the_rest(namespace: dict, request: dict, state: State) -> None:
    """Put the stand-in where the method was assigned instead of defined, to the class or to its
    objects, or where the program has no such class."""
    method = request["method"]
    solution = namespace.setdefault("Solution", type("Solution", (), {}))
    if not isinstance(solution, type):
        return
    attribute = inspect.getattr_static(solution, method, None)
    is_defined = asks_first(attribute)
    if is_defined and not shadows(method, request["program"]):
        return

    def answer(*arguments, **keywords):
        state.asked()
        return state.stand_in(arguments, keywords)

    read = solution.__getattribute__

    def look(self, name):
        return answer if name == method else read(self, name)

    solution.__getattribute__ = look
    if is_defined:
        return

    def unbound(self, *arguments, **keywords):
        return answer(*arguments, **keywords)

    is_static = isinstance(attribute, staticmethod)
    setattr(solution, method, staticmethod(answer) if is_static else unbound)


def asks_first(attribute) -> bool:
    function = inspect.unwrap(getattr(attribute, "__func__", attribute))
    return HOOK in getattr(getattr(function, "__code__", None), "co_names", ())


def shadows(method: str, program: str) -> bool:
    """Whether an object of the class may have another method under that name than its class."""
    ways = (f".{method} =", f".{method}=", f".{method}:", "setattr", "__getattr", "__dict__")
    return any(way in program for way in ways)

"""Grids and graphs of which more than one is right: is this one?"""

from itertools import chain, pairwise

from projected_grpo.problems.checkers.registry import checker, whole_list, whole_rows

Ints = list[int]
Grid = list[Ints]


def neighbouring(rows: Grid) -> list[tuple[int, int]]:
    """The pairs of values that stand beside or below each other; rows are equally long."""
    lines = chain(rows, zip(*rows))
    return list(chain.from_iterable(map(pairwise, lines)))


def same_size(answer: Grid, expected: Grid) -> bool:
    return list(map(len, answer)) == list(map(len, expected))


@checker(whole_list)
def garden(answer: Ints, expected: Ints, n: int, paths: Grid) -> bool:
    """A flower of 1 to 4 each, no path between equal ones."""
    if len(answer) != n or not all(1 <= flower <= 4 for flower in answer):
        return False
    return all(answer[a - 1] != answer[b - 1] for a, b in paths)


@checker(whole_rows)
def highest_peak(answer: Grid, expected: Grid, isWater: Grid) -> bool:
    """0 on water, one step at most between neighbours, as high as the expected one."""
    if not same_size(answer, isWater):
        return False
    heights, water = list(chain(*answer)), chain(*isWater)
    if any(height < 0 or (wet and height) for height, wet in zip(heights, water)):
        return False
    is_gentle = all(abs(a - b) <= 1 for a, b in neighbouring(answer))
    return is_gentle and max(heights) == max(chain(*expected))


@checker(whole_list)
def peak_in_grid(answer: Ints, expected: Ints, mat: Grid) -> bool:
    """[row, column] of a cell above all four neighbours."""
    if len(answer) != 2:
        return False
    i, j = answer
    if not (0 <= i < len(mat) and 0 <= j < len(mat[0])):
        return False
    beside = mat[i][max(j - 1, 0) : j] + mat[i][j + 1 : j + 2]
    above_and_below = mat[max(i - 1, 0) : i] + mat[i + 1 : i + 2]
    return all(mat[i][j] > other for other in [*beside, *(row[j] for row in above_and_below)])


@checker(whole_rows)
def ranked_grid(answer: Grid, expected: Grid, grid: Grid) -> bool:
    """Positive numbers in the order of the grid's in every line, none above the expected ones."""
    if not same_size(answer, grid) or min(chain(*answer)) < 1:
        return False
    if max(chain(*answer)) != max(chain(*expected)):
        return False
    given = chain(grid, zip(*grid))
    new = chain(answer, zip(*answer))
    for line, new_line in zip(given, new):
        by_rank = [rank for _, rank in sorted(zip(line, new_line))]
        if not all(a < b for a, b in pairwise(by_rank)):
            return False
    return True


@checker(whole_list, impossible=[])
def good_rows(answer: Ints, expected: Ints, grid: Grid) -> bool:
    """Ascending rows of which at most half have a 1 in any column."""
    if not answer or answer[0] < 0 or answer[-1] >= len(grid):
        return False
    if not all(a < b for a, b in pairwise(answer)):
        return False
    columns = zip(*(grid[i] for i in answer))
    return all(2 * sum(column) <= len(answer) for column in columns)


@checker(whole_rows)
def grid_layout(answer: Grid, expected: Grid, n: int, edges: Grid) -> bool:
    """Nodes 0 to n - 1 in a rectangle, neighbours where there is an edge and nowhere else."""
    if len(set(map(len, answer))) != 1 or sorted(chain(*answer)) != list(range(n)):
        return False
    return sorted(map(sorted, neighbouring(answer))) == sorted(map(sorted, edges))


@checker(whole_list)
def last_marked(answer: Ints, expected: Ints, edges: Grid) -> bool:
    """For each node of a tree a node that is farthest from it.

    The farthest lie as deep as any below the middle of the longest path, on another side of it.
    """
    beside: dict[int, Ints] = {node: [] for node in range(len(edges) + 1)}
    for a, b in edges:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    path = longest_path(beside)
    middle = path[(len(path) - 1) // 2 : len(path) // 2 + 1]

    depth = dict.fromkeys(middle, 0)
    side = {node: node for node in middle}
    ahead = list(middle)
    for node in ahead:
        for other in beside[node]:
            if other not in depth:
                depth[other] = depth[node] + 1
                side[other] = other if [node] == middle else side[node]
                ahead.append(other)
    # A graph that is no tree has no right answer.
    if not len(answer) == len(depth) == len(beside) == len(edges) + 1:
        return False
    deepest = max(depth.values())
    return all(
        depth.get(last) == deepest and (side[last] != side[node] or len(beside) == 1)
        for node, last in enumerate(answer)
    )


def longest_path(beside: dict[int, Ints]) -> Ints:
    """The nodes from one end to the other, in the part of the graph that node 0 is in."""
    came_from = walk(beside, 0)
    came_from = walk(beside, list(came_from)[-1])
    node: int | None = list(came_from)[-1]
    path = []
    while node is not None:
        path.append(node)
        node = came_from[node]
    return path


def walk(beside: dict[int, Ints], start: int) -> dict[int, int | None]:
    """Node -> the one before it, the nearest to start first."""
    came_from: dict[int, int | None] = {start: None}
    ahead = [start]
    for node in ahead:
        for other in beside[node]:
            if other not in came_from:
                came_from[other] = node
                ahead.append(other)
    return came_from

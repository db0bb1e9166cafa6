"""Programs for graphs and grids that find another right answer than the expected one."""

from collections import Counter, defaultdict
from itertools import groupby, permutations, product


def neighbours(edges):
    beside = defaultdict(set)
    for a, b in edges:
        beside[a].add(b)
        beside[b].add(a)
    return beside


def leetcode_310(n, edges):
    beside = neighbours(edges)
    left = set(range(n))
    while len(left) > 2:
        leaves = [node for node in left if len(beside[node] & left) == 1]
        left -= set(leaves)
    return sorted(left, reverse=True)


def leetcode_582(pid, ppid, kill):
    below = [child for child, parent in zip(pid, ppid) if parent == kill]
    return [*(p for child in reversed(below) for p in leetcode_582(pid, ppid, child)), kill]


def leetcode_1120(n, paths):
    flowers = {}
    for garden in range(n, 0, -1):
        taken = {flowers.get(a if b == garden else b) for a, b in paths if garden in (a, b)}
        flowers[garden] = max({1, 2, 3, 4} - taken)
    return [flowers[garden] for garden in range(1, n + 1)]


def leetcode_1300(n, connections):
    found = []
    for removed in reversed(connections):
        beside = neighbours([edge for edge in connections if edge != removed])
        ahead = [removed[0]]
        for node in ahead:
            ahead += [other for other in beside[node] if other not in ahead]
        if removed[1] not in ahead:
            found.append(removed[::-1])
    return found


def leetcode_1342(queens, king):
    found = []
    for dx, dy in product((1, 0, -1), repeat=2):
        line = [[king[0] + dx * i, king[1] + dy * i] for i in range(1, 8)]
        found += [place for place in line if place in queens][:1]
    return found if king not in queens else []


def leetcode_1613(n, edges):
    def weight(kept, first=()):
        group = list(range(n))
        total = joined = 0
        for a, b, w in [*first, *sorted(kept, key=lambda edge: edge[2])]:
            if group[a] != group[b]:
                group = [group[a] if g == group[b] else g for g in group]
                total, joined = total + w, joined + 1
        return total if joined == n - 1 else float("inf")

    best, critical, others = weight(edges), [], []
    for i in reversed(range(len(edges))):
        rest = edges[:i] + edges[i + 1 :]
        if weight(rest) > best:
            critical.append(i)
        elif weight(rest, [edges[i]]) == best:
            others.append(i)
    return [critical, others]


def leetcode_1661(n, edges):
    return sorted(set(range(n)) - {end for _, end in edges}, reverse=True)


def leetcode_1876(isWater):
    cells = list(product(range(len(isWater)), range(len(isWater[0]))))
    water = [(i, j) for i, j in cells if isWater[i][j]]

    def apart(a, b):
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    top = max(cells, key=lambda cell: min(apart(cell, other) for other in water))
    high = min(apart(top, other) for other in water)
    return [
        [max(high - apart((i, j), top), 0) for j in range(len(isWater[0]))]
        for i in range(len(isWater))
    ]


def leetcode_2047(mat):
    i, j = 0, 0
    while True:
        around = [(i, j), (i + 1, j), (i, j - 1), (i - 1, j), (i, j + 1)]
        inside = [(a, b) for a, b in around if 0 <= a < len(mat) and 0 <= b < len(mat[0])]
        higher = [(a, b) for a, b in inside if mat[a][b] > mat[i][j]]
        if not higher:
            return [i, j]
        i, j = higher[0]


def leetcode_2103(land):
    found, seen = [], set()
    for j, i in product(range(len(land[0])), range(len(land))):
        if land[i][j] and (i, j) not in seen:
            down = next((r for r in range(i, len(land)) if not land[r][j]), len(land))
            right = next((c for c in range(j, len(land[0])) if not land[i][c]), len(land[0]))
            seen |= set(product(range(i, down), range(j, right)))
            found.append([i, j, down - 1, right - 1])
    return found[::-1]


def leetcode_2213(n, meetings, firstPerson):
    known = {0, firstPerson}
    for _, same in groupby(sorted(meetings, key=lambda m: m[2]), key=lambda m: m[2]):
        pairs = [{x, y} for x, y, _ in same]
        for _ in pairs:
            for pair in pairs:
                known |= pair if pair & known else set()
    return sorted(known, reverse=True)


def leetcode_2506(grid):
    ranks, rows, columns = [[0] * len(row) for row in grid], Counter(), Counter()
    for i, j in sorted(
        product(range(len(grid)), range(len(grid[0]))), key=lambda c: -grid[c[0]][c[1]]
    ):
        ranks[i][j] = rows[i] = columns[j] = max(rows[i], columns[j]) + 1
    top = max(map(max, ranks))
    return [[top + 1 - rank for rank in row] for row in ranks]


def leetcode_2826(grid):
    for n in (1, 2):
        for rows in sorted(permutations(range(len(grid)), n), reverse=True):
            if all(2 * sum(column) <= n for column in zip(*(grid[i] for i in rows))):
                return sorted(rows)
    return []


def leetcode_3310(n, k, invocations):
    suspicious = {k}
    for _ in range(n):
        suspicious |= {b for a, b in invocations if a in suspicious}
    if any(a not in suspicious and b in suspicious for a, b in invocations):
        suspicious = set()
    return [node for node in reversed(range(n)) if node not in suspicious]


def leetcode_3311(n, edges):
    beside = neighbours(edges)
    least = min(map(len, beside.values()))
    row = [next(v for v in range(n) if len(beside[v]) == least)]
    while len(row) < n and (len(row) == 1 or len(beside[row[-1]]) > least):
        new = [w for w in beside[row[-1]] if w not in row]
        row.append(min(new, key=lambda w: (len(beside[w]), w)))
    rows, placed = [row], set(row)
    while len(placed) < n:
        rows.append([next(w for w in beside[v] if w not in placed) for v in rows[-1]])
        placed |= set(rows[-1])
    return [list(column) for column in zip(*rows)]


def leetcode_3313(edges):
    beside = neighbours(edges)

    def last(start):
        ring, seen = [start], {start}
        while True:
            further = {other for node in ring for other in beside[node]} - seen
            if not further:
                return min(ring)
            ring = list(further)
            seen |= further

    return [last(node) for node in range(len(edges) + 1)]


# Calls with more than one right answer, where the problem's own have one.
MORE = {
    "leetcode/2506": "grid = [[2, 4, 5], [7, 3, 9]]",
    "leetcode/2826": "grid = [[0], [0]]",
}


def test_another_right_answer_is_accepted(checked, alternative):
    alternative.assert_accepted(checked)

"""What a list of rows is as a table: rows of one length, symmetric, neighbours that differ."""

from projected_grpo.problems.inputs.qualities.quality import Quality, Tools


def is_rectangular(rows: list, _: dict) -> bool:
    return len({len(row) for row in rows}) <= 1


def trimmed(rows: list, tools: Tools) -> list:
    width = min(map(len, rows), default=0)
    return [row[:width] for row in rows]


def is_symmetric(matrix: list, _: dict) -> bool:
    n = len(matrix)
    return all(matrix[i][j] == matrix[j][i] for i in range(n) for j in range(i))


def mirrored(matrix: list, tools: Tools) -> list:
    n = len(matrix)
    return [[matrix[min(i, j)][max(i, j)] for j in range(n)] for i in range(n)]


def neighbours_differ(rows: list, _: dict) -> bool:
    lines = [*rows, *zip(*rows)]
    return all(a != b for line in lines for a, b in zip(line, line[1:]))


# Of rows that are lists or strings.
RECTANGULAR = Quality("of one length", is_rectangular, trimmed, of="list")
SYMMETRIC = Quality("symmetric", is_symmetric, mirrored, of="rows")
NEIGHBOURS_DIFFER = Quality("no equal cells side by side", neighbours_differ, of="rows")

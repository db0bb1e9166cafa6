"""Programs that find another right answer than the expected one, by problem."""

from collections import Counter, defaultdict
from functools import cache
from itertools import chain, permutations, product

import pytest

from projected_grpo.problems.checkers.conftest import assert_alternative, needs_data, programs_in


def leetcode_1(nums, target):
    seen = {}
    for i, number in enumerate(nums):
        if target - number in seen:
            return [i, seen[target - number]]
        seen[number] = i


def leetcode_89(n):
    codes = [i ^ (i >> 1) for i in range(2**n)]
    return [int(f"{code:0{n}b}"[::-1], 2) for code in codes]


def leetcode_166(numerator, denominator):
    sign = "-" if numerator * denominator < 0 else ""
    whole, rest = divmod(abs(numerator), abs(denominator))
    digits, seen = "", {}
    while rest and rest not in seen:
        seen[rest] = len(digits)
        digit, rest = divmod(rest * 10, abs(denominator))
        digits += str(digit)
    if rest:
        fixed, period = digits[: seen[rest]], digits[seen[rest] :]
        digits = f"{fixed}{period[0]}({(period[1:] + period[0]) * 2})"
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def leetcode_269(words):
    after = {letter: set() for letter in "".join(words)}
    for a, b in zip(words, words[1:]):
        different = next(((x, y) for x, y in zip(a, b) if x != y), None)
        if different:
            after[different[0]].add(different[1])
        elif len(a) > len(b):
            return ""
    order = ""
    while len(order) < len(after):
        free = [x for x in after if x not in order and after[x] <= set(order)]
        if not free:
            return ""
        order = min(free) + order
    return order


def leetcode_347(nums, k):
    return [number for number, _ in Counter(nums).most_common(k)][::-1]


def leetcode_358(s, k):
    left, placed = Counter(s), ""
    while len(placed) < len(s):
        free = [c for c in left if left[c] and c not in placed[max(len(placed) - k + 1, 0) :]]
        if not free:
            return ""
        chosen = max(free, key=lambda c: (left[c], c))
        left[chosen] -= 1
        placed += chosen
    return placed


def leetcode_373(nums1, nums2, k):
    return sorted(([u, v] for u in nums1 for v in nums2), key=lambda p: (sum(p), -p[0]))[:k][::-1]


@cache
def leetcode_471(s):
    ways = [s]
    ways += [leetcode_471(s[:-i]) + leetcode_471(s[-i:]) for i in range(1, len(s))]
    for n in range(1, len(s) // 2 + 1):
        if s == s[:n] * (len(s) // n):
            ways.append(f"{len(s) // n}[{leetcode_471(s[:n])}]")
    return min(ways, key=len)


def leetcode_667(n, k):
    low, high = 1, k + 1
    zigzag = []
    while low <= high:
        zigzag += [low, high] if low < high else [low]
        low, high = low + 1, high - 1
    return [n + 1 - number for number in [*zigzag, *range(k + 2, n + 1)]]


def leetcode_754(n, k):
    opened, typed = {"0" * n}, "0" * n
    while len(opened) < k**n:
        recent = typed[len(typed) - n + 1 :]
        digit = next(d for d in map(str, range(k - 1, -1, -1)) if recent + d not in opened)
        opened.add(recent + digit)
        typed += digit
    return typed[::-1]


def leetcode_778(s):
    letters = [
        c for c, n in sorted(Counter(s).items(), key=lambda i: (-i[1], i[0])) for _ in range(n)
    ]
    if letters.count(letters[0]) > (len(s) + 1) // 2:
        return ""
    placed = [""] * len(s)
    placed[::2], placed[1::2] = letters[: (len(s) + 1) // 2], letters[(len(s) + 1) // 2 :]
    return "".join(placed[::-1])


def leetcode_872(num):
    for i in range(len(num) - 2, 0, -1):
        for j in range(len(num) - 1, i, -1):
            found, read = [int(num[:i]), int(num[i:j])], num[:i] + num[i:j]
            if [str(n) for n in found] != [num[:i], num[i:j]]:
                continue
            while len(read) < len(num):
                found.append(sum(found[-2:]))
                read += str(found[-1])
            if read == num and max(found) < 2**31:
                return found
    return []


def leetcode_901(nums1, nums2):
    left, answer, losers = sorted(nums1), {}, []
    for i in sorted(range(len(nums2)), key=lambda i: nums2[i]):
        better = next((n for n in left if n > nums2[i]), None)
        if better is None:
            losers.append(i)
        else:
            left.remove(better)
            answer[i] = better
    answer |= dict(zip(losers, left))
    return [answer[i] for i in range(len(nums2))]


def leetcode_924(aliceSizes, bobSizes):
    step = (sum(bobSizes) - sum(aliceSizes)) // 2
    return next([x, x + step] for x in reversed(aliceSizes) if x + step in bobSizes)


def leetcode_958(nums):
    odd = sorted((n for n in nums if n % 2), reverse=True)
    even = sorted((n for n in nums if n % 2 == 0), reverse=True)
    return list(chain(*zip(even, odd)))


def leetcode_979(s):
    low, high = 0, len(s)
    found = []
    for turn in reversed(s):
        found.append(high if turn == "I" else low)
        low, high = (low, high - 1) if turn == "I" else (low + 1, high)
    return [*found, low][::-1]


def leetcode_980(words):
    def joined(order):
        whole = ""
        for word in order:
            over = next(i for i in range(len(word), -1, -1) if whole.endswith(word[:i]))
            whole += word[over:]
        return whole

    return min((joined(order) for order in permutations(words[::-1])), key=len)


def leetcode_1014(points, k):
    return sorted(points, key=lambda p: p[0] ** 2 + p[1] ** 2)[:k][::-1]


def leetcode_1120(n, paths):
    flowers = {}
    for garden in range(n, 0, -1):
        taken = {flowers.get(a if b == garden else b) for a, b in paths if garden in (a, b)}
        flowers[garden] = max({1, 2, 3, 4} - taken)
    return [flowers[garden] for garden in range(1, n + 1)]


def leetcode_1122(s):
    for n in range(len(s) - 1, 0, -1):
        parts = Counter(s[i : i + n] for i in range(len(s) - n + 1))
        twice = [part for part, times in parts.items() if times > 1]
        if twice:
            return max(twice)
    return ""


def leetcode_1170(str1, str2):
    @cache
    def shortest(i, j):
        if i == len(str1) or j == len(str2):
            return str1[i:] + str2[j:]
        if str1[i] == str2[j]:
            return str1[i] + shortest(i + 1, j + 1)
        return min(str1[i] + shortest(i + 1, j), str2[j] + shortest(i, j + 1), key=len)

    return shortest(0, 0)


def leetcode_1359(n, start):
    return [start ^ code for code in leetcode_89(n)]


def leetcode_1371(s):
    def closed(text, opening, closing):
        kept, depth = [], 0
        for character in text:
            kept.append(character)
            depth += (character == opening) - (character == closing)
            if depth < 0:
                kept.remove(closing)
                depth = 0
        return kept

    return "".join(closed(closed(s, "(", ")")[::-1], ")", "(")[::-1])


def leetcode_1440(n):
    return next([n - b, b] for b in range(1, n) if "0" not in f"{b}{n - b}")


def leetcode_1552(target, n):
    operations, before = [], 0
    for number in target:
        missing = number - before - 1
        operations += ["Push"] * missing + ["Pop"] * missing + ["Push"]
        before = number
    return operations


def leetcode_1612(rains):
    dried, dry_days, rained = [-1] * len(rains), [], {}
    for day, lake in enumerate(rains):
        if lake == 0:
            dry_days.append(day)
            dried[day] = 10**9
        elif lake in rained:
            useful = [d for d in dry_days if d > rained[lake]]
            if not useful:
                return []
            dried[useful[0]] = lake
            dry_days.remove(useful[0])
        if lake:
            rained[lake] = day
    return dried


def leetcode_1698(s):
    for i, character in enumerate(s):
        if character == "?":
            letter = next(c for c in "zyx" if c not in s[max(i - 1, 0) : i + 2])
            s = s[:i] + letter + s[i + 1 :]
    return s


def leetcode_1866(adjacentPairs):
    beside = defaultdict(list)
    for a, b in adjacentPairs:
        beside[a].append(b)
        beside[b].append(a)
    path = [max(end for end in beside if len(beside[end]) == 1)]
    while len(path) <= len(adjacentPairs):
        path += [n for n in beside[path[-1]] if n not in path[-2:]]
    return path


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


def leetcode_2241(nums):
    for high in sorted(set(nums), reverse=True):
        k2, left, found = high - min(nums), Counter(nums), []
        for number in sorted(nums):
            if left[number] and left[number + k2] and k2 > 0 and k2 % 2 == 0:
                left -= Counter([number, number + k2])
                found.append(number + k2 // 2)
        if not left:
            return found


def leetcode_2318(numArrows, aliceArrows):
    def won(sections):
        return sum(sections) if sum(aliceArrows[i] + 1 for i in sections) <= numArrows else -1

    chosen = product([True, False], repeat=12)
    best = max(([i for i in range(12) if taken[i]] for taken in chosen), key=won)
    arrows = [aliceArrows[i] + 1 if i in best else 0 for i in range(12)]
    arrows[best[-1]] += numArrows - sum(arrows)
    return arrows


def leetcode_2419(nums, threshold):
    for k in range(len(nums), 0, -1):
        if any(min(nums[i : i + k]) * k > threshold for i in range(len(nums) - k + 1)):
            return k
    return -1


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


def leetcode_3311(n, edges):
    beside = defaultdict(list)
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
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
    beside = defaultdict(list)
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)

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
    "leetcode/269": "words = ['ab', 'cd']",
    "leetcode/754": "n = 2, k = 3",
    "leetcode/778": "s = 'aabbcc'",
    "leetcode/901": "nums1 = [1, 2, 9], nums2 = [5, 6, 7]",
    "leetcode/1122": "s = 'abxcdyabzcd'",
    "leetcode/1170": "str1 = 'ab', str2 = 'cd'",
    "leetcode/1552": "target = [3], n = 3",
    "leetcode/1612": "rains = [1, 0, 0, 2]",
    "leetcode/2318": "numArrows = 100, aliceArrows = [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]",
    "leetcode/2506": "grid = [[2, 4, 5], [7, 3, 9]]",
    "leetcode/2826": "grid = [[0], [0]]",
}

PROGRAMS = programs_in(globals())


@needs_data
@pytest.mark.parametrize("problem_id", PROGRAMS)
def test_another_answer_than_the_expected_one_is_right(known, problem_id):
    (problem,) = [p for p in known.values() if p.id == problem_id and p.checker != "equal"]
    assert_alternative(problem, PROGRAMS[problem_id], MORE.get(problem_id))

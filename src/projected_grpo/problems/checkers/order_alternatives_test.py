"""Programs whose answers are right in another order than the expected ones, by problem."""

from collections import Counter, defaultdict
from fractions import Fraction
from functools import reduce
from itertools import combinations, groupby, pairwise, permutations, product
from math import gcd
from operator import xor
from statistics import median, median_low

import pytest

from projected_grpo.problems.checkers.conftest import assert_alternative, needs_data, programs_in


def leetcode_15(nums):
    found = {tuple(sorted(three)) for three in combinations(nums, 3) if sum(three) == 0}
    return [[c, a, b] for a, b, c in sorted(found, reverse=True)]


def leetcode_17(digits):
    keys = "abc def ghi jkl mno pqrs tuv wxyz".split()
    words = product(*(keys[int(digit) - 2][::-1] for digit in digits))
    return ["".join(word) for word in words] if digits else []


def leetcode_18(nums, target):
    found = {tuple(sorted(four)) for four in combinations(nums, 4) if sum(four) == target}
    return [list(four[::-1]) for four in sorted(found, reverse=True)]


def leetcode_22(n):
    grown = {""}
    for _ in range(n):
        grown = {w[:i] + "()" + w[i:] for w in grown for i in range(len(w) + 1)}
    return sorted(grown, reverse=True)


def leetcode_39(candidates, target):
    if target == 0:
        return [[]]
    found = []
    for i, last in enumerate(candidates):
        if last <= target:
            found += [[last, *r] for r in leetcode_39(candidates[: i + 1], target - last)]
    return found


def leetcode_40(candidates, target):
    found = {()}
    for number in sorted(candidates, reverse=True):
        found |= {(*chosen, number) for chosen in found if sum(chosen) + number <= target}
    return [list(chosen) for chosen in sorted(found) if sum(chosen) == target]


def leetcode_51(n):
    boards = []
    for places in permutations(reversed(range(n))):
        ups = {place + row for row, place in enumerate(places)}
        downs = {place - row for row, place in enumerate(places)}
        if len(ups) == len(downs) == n:
            boards.append(["." * place + "Q" + "." * (n - place - 1) for place in places])
    return boards


leetcode_100233 = leetcode_51


def leetcode_56(intervals):
    merged = []
    for start, end in sorted(intervals, key=lambda interval: -interval[1]):
        while merged and merged[-1][0] <= end:
            other = merged.pop()
            start, end = min(start, other[0]), max(end, other[1])
        merged.append([start, end])
    return merged


def leetcode_93(s):
    found = []
    for i, j, k in combinations(range(len(s) - 1, 0, -1), 3):
        parts = s[:k], s[k:j], s[j:i], s[i:]
        if all(str(int(part)) == part and int(part) < 256 for part in parts):
            found.append(".".join(parts))
    return found


def leetcode_126(beginWord, endWord, wordList):
    def near(a, b):
        return sum(x != y for x, y in zip(a, b)) == 1

    paths = [[endWord]] if endWord in wordList else []
    left = {beginWord, *wordList} - {endWord}
    while paths and left:
        found = [path for path in paths if path[0] == beginWord]
        if found:
            return found
        paths = [[w, *path] for path in paths for w in sorted(left) if near(w, path[0])]
        left -= {path[0] for path in paths}
    return [path for path in paths if path[0] == beginWord][::-1]


def leetcode_131(s):
    if not s:
        return [[]]
    heads = [s[:i] for i in range(len(s), 0, -1) if s[:i] == s[:i][::-1]]
    return [[head, *rest] for head in heads for rest in leetcode_131(s[len(head) :])]


def leetcode_187(s):
    counts = Counter(s[i : i + 10] for i in range(len(s) - 9))
    return sorted((part for part, n in counts.items() if n > 1), reverse=True)


def leetcode_216(k, n):
    chosen = combinations(range(9, 0, -1), k)
    return [list(numbers) for numbers in chosen if sum(numbers) == n]


def leetcode_260(nums):
    both = reduce(xor, nums)
    one = reduce(xor, [n for n in nums if n & both & -both], 0)
    return [one, one ^ both] if one > one ^ both else [one ^ both, one]


def leetcode_310(n, edges):
    beside = defaultdict(set)
    for a, b in edges:
        beside[a].add(b)
        beside[b].add(a)
    left = set(range(n))
    while len(left) > 2:
        leaves = [node for node in left if len(beside[node] & left) == 1]
        left -= set(leaves)
    return sorted(left, reverse=True)


def leetcode_336(words):
    places = {word: i for i, word in enumerate(words)}
    pairs = [(i, j) for j in places.values() for i in places.values() if i != j]
    joined = [(i, j, words[i] + words[j]) for i, j in pairs]
    return [[i, j] for i, j, both in joined if both == both[::-1]]


def leetcode_349(nums1, nums2):
    return sorted(set(nums1) & set(nums2))


def leetcode_401(turnedOn):
    times = product(range(60), range(12))
    return [f"{h}:{m:02}" for m, h in times if h.bit_count() + m.bit_count() == turnedOn]


def leetcode_448(nums):
    return sorted({*range(1, len(nums) + 1)} - {*nums}, reverse=True)


def leetcode_500(words):
    rows = "qwertyuiop asdfghjkl zxcvbnm".split()
    return [w for row in rows for w in reversed(words) if set(w.lower()) <= set(row)]


def leetcode_582(pid, ppid, kill):
    below = [child for child, parent in zip(pid, ppid) if parent == kill]
    return [*(p for child in reversed(below) for p in leetcode_582(pid, ppid, child)), kill]


def leetcode_728(left, right):
    numbers = range(right, left - 1, -1)
    return [n for n in numbers if all(d != "0" and n % int(d) == 0 for d in str(n))]


def leetcode_834(s):
    def ways(digits):
        whole_or_split = [(digits, "")]
        whole_or_split += [(digits[:i], digits[i:]) for i in range(1, len(digits))]
        for whole, part in reversed(whole_or_split):
            if str(int(whole)) == whole and not part.endswith("0"):
                yield f"{whole}.{part}" if part else whole

    inner = s[1:-1]
    splits = [(inner[:i], inner[i:]) for i in range(len(inner) - 1, 0, -1)]
    return [f"({a}, {b})" for left, right in splits for a in ways(left) for b in ways(right)]


def leetcode_920(s1, s2):
    return sorted(word for word, n in Counter(f"{s1} {s2}".split()).items() if n == 1)


def leetcode_926(words, pattern):
    def shape(word):
        return [word.index(letter) for letter in word]

    return [word for word in reversed(words) if shape(word) == shape(pattern)]


def leetcode_952(words1, words2):
    most = reduce(lambda a, b: a | b, map(Counter, words2))
    return [word for word in reversed(words1) if most <= Counter(word)]


def leetcode_1010(x, y, bound):
    powers = product(range(21), range(21))
    return sorted({x**i + y**j for i, j in powers if x**i + y**j <= bound}, reverse=True)


def leetcode_1044(words):
    return sorted(reduce(lambda a, b: a & b, map(Counter, words)).elements(), reverse=True)


def leetcode_1156(text, first, second):
    words = text.split()
    threes = reversed(list(zip(words, words[1:], words[2:])))
    return [c for a, b, c in threes if (a, b) == (first, second)]


def leetcode_1272(transactions):
    rows = [(row, *row.split(",")) for row in transactions]

    def is_doubtful(name, minute, amount, city):
        near = [r for r in rows if r[1] == name and abs(int(r[2]) - int(minute)) <= 60]
        return int(amount) > 1000 or any(other[4] != city for other in near)

    return [row for row, *parts in reversed(rows) if is_doubtful(*parts)]


def leetcode_1300(n, connections):
    found = []
    for removed in reversed(connections):
        beside = defaultdict(list)
        for a, b in connections:
            if [a, b] != removed:
                beside[a].append(b)
                beside[b].append(a)
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


def leetcode_1350(folder):
    return [f for f in reversed(folder) if not any(f.startswith(f"{g}/") for g in folder)]


def leetcode_1392(nums1, nums2):
    first, second = set(nums1), set(nums2)
    return [sorted(first - second, reverse=True), sorted(second - first, reverse=True)]


def leetcode_1524(words):
    return [w for w in reversed(words) if any(w in other and w != other for other in words)]


def leetcode_1543(n):
    pairs = product(range(2, n + 1), range(1, n))
    return [f"{a}/{b}" for b, a in pairs if a < b and gcd(a, b) == 1]


def leetcode_1581(arr, k):
    middle = median_low(arr)
    return sorted(arr, key=lambda n: (abs(n - middle), n))[-k:]


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


def leetcode_1710(k, arrival, load):
    free_at, handled = [0] * k, Counter(range(k))
    for i, (start, length) in enumerate(zip(arrival, load)):
        free = [s % k for s in range(i, i + k) if free_at[s % k] <= start]
        for server in free[:1]:
            free_at[server] = start + length
            handled[server] += 1
    return [server for server in reversed(range(k)) if handled[server] == max(handled.values())]


def parts_of(intervals):
    """(start, stop, what lies there) of the parts of a line between any two ends."""
    ends = sorted({end for start, stop, _ in intervals for end in (start, stop)})
    for left, right in pairwise(ends):
        over = [value for start, stop, value in intervals if start <= left < stop]
        if over:
            yield left, right, over


def leetcode_2055(segments):
    return [[left, right, sum(colors)] for left, right, colors in parts_of(segments)][::-1]


def leetcode_2103(land):
    found, seen = [], set()
    for j, i in product(range(len(land[0])), range(len(land))):
        if land[i][j] and (i, j) not in seen:
            down = next((r for r in range(i, len(land)) if not land[r][j]), len(land))
            right = next((c for c in range(j, len(land[0])) if not land[i][c]), len(land[0]))
            seen |= set(product(range(i, down), range(j, right)))
            found.append([i, j, down - 1, right - 1])
    return found[::-1]


def leetcode_2117(changed):
    counts, found = Counter(changed), []
    for number in sorted(changed, reverse=True):
        if counts[number] > 0:
            counts[number] -= 1
            if number % 2 or counts[number // 2] < 1:
                return []
            counts[number // 2] -= 1
            found.append(number // 2)
    return found


def leetcode_2142(buildings):
    street = []
    for left, right, heights in parts_of(buildings):
        average = sum(heights) // len(heights)
        if street and street[-1][1:] == [left, average]:
            left = street.pop()[0]
        street.append([left, right, average])
    return street[::-1]


def leetcode_2205(security, time):
    def is_good(day):
        before = security[day - time : day + 1]
        after = security[day : day + time + 1]
        return before == sorted(before, reverse=True) and after == sorted(after)

    return [day for day in range(len(security) - time - 1, time - 1, -1) if is_good(day)]


def leetcode_2213(n, meetings, firstPerson):
    known = {0, firstPerson}
    for _, same in groupby(sorted(meetings, key=lambda m: m[2]), key=lambda m: m[2]):
        pairs = [{x, y} for x, y, _ in same]
        for _ in pairs:
            for pair in pairs:
                known |= pair if pair & known else set()
    return sorted(known, reverse=True)


def leetcode_2220(recipes, ingredients, supplies):
    have, made = set(supplies), []
    for _ in recipes:
        for recipe, needs in reversed(list(zip(recipes, ingredients))):
            if recipe not in have and set(needs) <= have:
                have.add(recipe)
                made.insert(0, recipe)
    return made


def leetcode_2261(nums):
    scores = {i: nums[:i].count(0) + sum(nums[i:]) for i in range(len(nums) + 1)}
    return [i for i in reversed(scores) if scores[i] == max(scores.values())]


def leetcode_2270(nums):
    near = Counter(n + step for n in nums for step in (-1, 0, 1))
    return sorted((n for n in nums if near[n] == 1), reverse=True)


def leetcode_2543(creators, ids, views):
    total, best = Counter(), {}
    for creator, video, n in zip(creators, ids, views):
        total[creator] += n
        best[creator] = min(best.get(creator, (1, "")), (-n, video))
    most = max(total.values())
    return [[c, best[c][1]] for c in sorted(total, reverse=True) if total[c] == most]


def leetcode_3211(n):
    words = ("".join(bits) for bits in product("10", repeat=n))
    return [word for word in words if "00" not in word]


def leetcode_3285(height, threshold):
    return [i for i in range(len(height) - 1, 0, -1) if height[i - 1] > threshold]


def leetcode_3289(nums):
    return [n for n in sorted(set(nums), reverse=True) if nums.count(n) == 2]


def leetcode_3310(n, k, invocations):
    suspicious = {k}
    for _ in range(n):
        suspicious |= {b for a, b in invocations if a in suspicious}
    if any(a not in suspicious and b in suspicious for a, b in invocations):
        suspicious = set()
    return [node for node in reversed(range(n)) if node not in suspicious]


def leetcode_100348(S):
    return sorted(("".join(p) for p in set(permutations(S))), key=lambda w: w[::-1])


def leetcode_480(nums, k):
    return [float(median(nums[i : i + k])) * (1 + 1e-7) for i in range(len(nums) - k + 1)]


def leetcode_1803(customers):
    free, waited = 0, Fraction(0)
    for arrival, needed in customers:
        free = max(free, arrival) + needed
        waited += Fraction(free - arrival, len(customers))
    return round(float(waited), 6) + 1e-6


def leetcode_2556(celsius):
    return [round(celsius + 273.15, 2) + 1e-6, round(celsius * 9 / 5 + 32, 3) - 1e-6]


PROGRAMS = programs_in(globals())


@needs_data
@pytest.mark.parametrize("problem_id", PROGRAMS)
def test_another_order_than_the_expected_one_is_right(known, problem_id):
    (problem,) = [p for p in known.values() if p.id == problem_id and p.checker != "equal"]
    assert_alternative(problem, PROGRAMS[problem_id])

"""Programs that find the expected texts in another order."""

from collections import Counter
from functools import reduce
from itertools import combinations, permutations, product
from math import gcd


def leetcode_17(digits):
    keys = "abc def ghi jkl mno pqrs tuv wxyz".split()
    words = product(*(keys[int(digit) - 2][::-1] for digit in digits))
    return ["".join(word) for word in words] if digits else []


def leetcode_22(n):
    grown = {""}
    for _ in range(n):
        grown = {w[:i] + "()" + w[i:] for w in grown for i in range(len(w) + 1)}
    return sorted(grown, reverse=True)


def leetcode_51(n):
    boards = []
    for places in permutations(reversed(range(n))):
        ups = {place + row for row, place in enumerate(places)}
        downs = {place - row for row, place in enumerate(places)}
        if len(ups) == len(downs) == n:
            boards.append(["." * place + "Q" + "." * (n - place - 1) for place in places])
    return boards


leetcode_100233 = leetcode_51


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


def leetcode_336(words):
    places = {word: i for i, word in enumerate(words)}
    pairs = [(i, j) for j in places.values() for i in places.values() if i != j]
    joined = [(i, j, words[i] + words[j]) for i, j in pairs]
    return [[i, j] for i, j, both in joined if both == both[::-1]]


def leetcode_401(turnedOn):
    times = product(range(60), range(12))
    return [f"{h}:{m:02}" for m, h in times if h.bit_count() + m.bit_count() == turnedOn]


def leetcode_500(words):
    rows = "qwertyuiop asdfghjkl zxcvbnm".split()
    return [w for row in rows for w in reversed(words) if set(w.lower()) <= set(row)]


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


def leetcode_1350(folder):
    return [f for f in reversed(folder) if not any(f.startswith(f"{g}/") for g in folder)]


def leetcode_1524(words):
    return [w for w in reversed(words) if any(w in other and w != other for other in words)]


def leetcode_1543(n):
    pairs = product(range(2, n + 1), range(1, n))
    return [f"{a}/{b}" for b, a in pairs if a < b and gcd(a, b) == 1]


def leetcode_2220(recipes, ingredients, supplies):
    have, made = set(supplies), []
    for _ in recipes:
        for recipe, needs in reversed(list(zip(recipes, ingredients))):
            if recipe not in have and set(needs) <= have:
                have.add(recipe)
                made.insert(0, recipe)
    return made


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


def leetcode_100348(S):
    return sorted(("".join(p) for p in set(permutations(S))), key=lambda w: w[::-1])


def test_another_right_answer_is_accepted(checked, alternative):
    alternative.assert_accepted(checked)

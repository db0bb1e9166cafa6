"""Programs that find another right text than the expected one, or read one otherwise."""

from collections import Counter
from functools import cache
from itertools import permutations


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


@cache
def leetcode_471(s):
    ways = [s]
    ways += [leetcode_471(s[:-i]) + leetcode_471(s[-i:]) for i in range(1, len(s))]
    for n in range(1, len(s) // 2 + 1):
        if s == s[:n] * (len(s) // n):
            ways.append(f"{len(s) // n}[{leetcode_471(s[:n])}]")
    return min(ways, key=len)


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


def leetcode_980(words):
    def joined(order):
        whole = ""
        for word in order:
            over = next(i for i in range(len(word), -1, -1) if whole.endswith(word[:i]))
            whole += word[over:]
        return whole

    return min((joined(order) for order in permutations(words[::-1])), key=len)


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


def leetcode_1698(s):
    for i, character in enumerate(s):
        if character == "?":
            letter = next(c for c in "zyx" if c not in s[max(i - 1, 0) : i + 2])
            s = s[:i] + letter + s[i + 1 :]
    return s


# Calls with more than one right answer, where the problem's own have one.
MORE = {
    "leetcode/269": "words = ['ab', 'cd']",
    "leetcode/754": "n = 2, k = 3",
    "leetcode/778": "s = 'aabbcc'",
    "leetcode/1122": "s = 'abxcdyabzcd'",
    "leetcode/1170": "str1 = 'ab', str2 = 'cd'",
}


def test_another_right_answer_is_accepted(checked, alternative):
    alternative.assert_accepted(checked)

"""Strings of which more than one is right: is this one?"""

import re
from collections import Counter
from itertools import pairwise
from string import ascii_lowercase, digits

from projected_grpo.problems.checkers.registry import checker, text

REPEATING = re.compile(r"(-?[0-9]+)\.([0-9]*)\(([0-9]+)\)")
# The statement's own bound.
LONGEST_FRACTION = 10**4


@checker(text)
def decimal_fraction(answer: str, expected: str, numerator: int, denominator: int) -> bool:
    """The expected digits without end, wherever the period begins and however often it stands."""
    if len(answer) >= LONGEST_FRACTION:
        return False
    theirs, ours = REPEATING.fullmatch(answer), REPEATING.fullmatch(expected)
    if theirs is None or ours is None:
        return answer == expected
    # Two periods that agree for so long agree for ever.
    n = len(answer) + len(expected)
    return theirs[1] == ours[1] and expansion(theirs, n) == expansion(ours, n)


def expansion(fraction: re.Match, n: int) -> str:
    """The first n digits after the point."""
    _, fixed, period = fraction.groups()
    return (fixed + period * (n // len(period) + 1))[:n]


@checker(text, impossible="")
def shortest_window(answer: str, expected: str, s: str, t: str) -> bool:
    """A part of s with all of t in it."""
    is_part = len(answer) == len(expected) and answer in s
    return is_part and Counter(t) <= Counter(answer)


@checker(text, impossible="")
def alien_order(answer: str, expected: str, words: list[str]) -> bool:
    """The words' letters, each once, so that the words are in order."""
    if sorted(answer) != sorted(set("".join(words))):
        return False
    ranked = [list(map(answer.index, word)) for word in words]
    return all(a <= b for a, b in pairwise(ranked))


@checker(text, impossible="")
def letters_apart(answer: str, expected: str, s: str, k: int) -> bool:
    """The letters of s, equal ones at least k places apart."""
    if len(answer) != len(s) or sorted(answer) != sorted(s):
        return False
    last: dict[str, int] = {}
    for place, letter in enumerate(answer):
        if place - last.get(letter, -k) < k:
            return False
        last[letter] = place
    return True


@checker(text, impossible="")
def no_equal_neighbours(answer: str, expected: str, s: str) -> bool:
    return letters_apart(answer, expected, s, 2)


@checker(text)
def shortest_encoding(answer: str, expected: str, s: str) -> bool:
    """As short as the expected one, and s again when expanded."""
    # What no encoding makes shorter is not encoded.
    if expected == s or len(answer) != len(expected):
        return answer == expected
    return expanded(answer, len(s)) == s


def expanded(code: str, longest: int) -> str | None:
    """ "2[a3[b]]" as "abbbabbb"; None for another form, or more letters than `longest`."""
    outer: list[tuple[str, int]] = []
    letters = times = ""
    for character in code:
        if character in digits:
            times += character
        elif character == "[" and times:
            outer.append((letters, int(times)))
            letters = times = ""
        elif times:
            return None
        elif character == "]" and outer:
            before, repeated = outer.pop()
            if repeated < 1 or len(before) + len(letters) * repeated > longest:
                return None
            letters = before + letters * repeated
        elif character in ascii_lowercase:
            letters += character
        else:
            return None
    return None if outer or times else letters


@checker(text)
def safe_cracked(answer: str, expected: str, n: int, k: int) -> bool:
    """All passwords of n digits below k, in the shortest string."""
    if len(answer) != k**n + n - 1 or not set(answer) <= set(digits[:k]):
        return False
    return len({answer[i : i + n] for i in range(k**n)}) == k**n


@checker(text)
def shortest_superstring(answer: str, expected: str, words: list[str]) -> bool:
    return len(answer) == len(expected) and all(word in answer for word in words)


@checker(text, impossible="")
def longest_duplicate(answer: str, expected: str, s: str) -> bool:
    """As long as the expected one, and twice in s."""
    first = s.find(answer) if len(answer) == len(expected) else -1
    return first >= 0 and s.find(answer, first + 1) >= 0


@checker(text)
def shortest_supersequence(answer: str, expected: str, str1: str, str2: str) -> bool:
    is_short = len(answer) == len(expected)
    return is_short and is_subsequence(str1, answer) and is_subsequence(str2, answer)


def is_subsequence(inner: str, outer: str) -> bool:
    rest = iter(outer)
    return all(character in rest for character in inner)


@checker(text)
def fewest_removed(answer: str, expected: str, s: str) -> bool:
    """s without as many parentheses as the expected one lacks, balanced."""
    if len(answer) != len(expected) or not is_subsequence(answer, s):
        return False
    depth = 0
    for character in answer:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0 and without_parentheses(answer) == without_parentheses(s)


def without_parentheses(line: str) -> str:
    return line.translate({ord("("): None, ord(")"): None})


@checker(text)
def question_marks_filled(answer: str, expected: str, s: str) -> bool:
    """s with a letter for every ?, no two neighbours equal."""
    if len(answer) != len(s) or any(a == b for a, b in pairwise(answer)):
        return False
    return all(a in ascii_lowercase and c in ("?", a) for a, c in zip(answer, s))

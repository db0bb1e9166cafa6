"""What strings are beyond their characters: numerals, words between blanks, palindromes, ..."""

import re

from projected_grpo.problems.inputs.qualities.quality import Quality, Tools


def spaced(text: str, tools: Tools) -> str:
    """Words with one blank between them: blanks at the ends and beside blanks become letters."""
    letters = [c for c in text if c != " "] or ["a"]
    found = []
    for place, character in enumerate(text):
        is_end = place in (0, len(text) - 1)
        if character == " " and (is_end or found[-1] == " "):
            character = tools.rng.choice(letters)
        found.append(character)
    return "".join(found)


def without_leading_zeros(text: str, tools: Tools) -> str:
    if len(text) > 1 and text[0] == "0":
        return str(tools.rng.randint(1, 9)) + text[1:]
    return text


def is_balanced(text: str, _: dict) -> bool:
    open_brackets = []
    for character in text:
        if character in "([{":
            open_brackets.append(")]}"["([{".index(character)])
        elif character in ")]}":
            if not open_brackets or open_brackets.pop() != character:
                return False
    return not open_brackets


def balanced(text: str, tools: Tools) -> str:
    """Brackets turned until they balance; other characters stay. An odd last one goes."""
    places = [i for i, c in enumerate(text) if c in "()[]{}"]
    if len(places) % 2:
        place = places.pop()
        text = text[:place] + text[place + 1 :]
    kinds = [p for p in ("()", "[]", "{}") if p[0] in text or p[1] in text]
    found = list(text)
    stack: list[str] = []
    for left, place in zip(range(len(places), 0, -1), places):
        if not stack or (len(stack) < left and tools.rng.random() < 0.5):
            pair = tools.rng.choice(kinds)
            stack.append(pair[1])
            found[place] = pair[0]
        else:
            found[place] = stack.pop()
    return "".join(found)


SINGLE_BLANKS = Quality(
    "words with single blanks between them",
    lambda v, _: v == " ".join(v.split(" ")) and "" not in v.split(" "),
    spaced,
    of="str",
)
NO_OUTER_BLANKS = Quality("no blank at an end", lambda v, _: v == v.strip(" "), spaced, of="str")
HAS_A_WORD = Quality("a word", lambda v, _: bool(v.split()), spaced, of="str")
NO_LEADING_ZEROS = Quality(
    "no leading zeros",
    lambda v, _: v == "0" or not v.startswith("0"),
    without_leading_zeros,
    of="str",
)
BALANCED = Quality("balanced brackets", is_balanced, balanced, of="str")
PALINDROME = Quality(
    "a palindrome",
    lambda v, _: v == v[::-1],
    lambda v, _: v[: (len(v) + 1) // 2] + v[: len(v) // 2][::-1],
)
CAPITALISED = Quality(
    "a capital letter first and none else",
    lambda v, _: v[:1].isupper() and v[1:] == v[1:].lower(),
    lambda v, _: v.capitalize(),
    of="str",
)
CLOCK = Quality(
    "a time HH:MM",
    lambda v, _: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", v) is not None,
    lambda _, tools: f"{tools.rng.randrange(24):02}:{tools.rng.randrange(60):02}",
    of="str",
    is_whole=True,
)

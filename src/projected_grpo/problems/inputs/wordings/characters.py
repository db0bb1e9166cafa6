"""Which characters a phrase names: "lowercase English letters, digits, and '-'"."""

import re
import string

from projected_grpo.problems.inputs.statement import NotUnderstood

PRINTABLE = "".join(map(chr, range(32, 127)))
CASE = r"(?:lower|upper)(?:[- ]?case)?"
OF_ONE_CASE = r"(?:[- ]?case)(?: English)?(?: (?:letters?|characters?|alphabets))?"
# The first that matches at the front is taken off the phrase. None: from one to another.
NAMED = (
    (rf"{CASE} (?:and|or|and/or) {CASE}", string.ascii_letters),
    (rf"English letters \((?:both )?{CASE} and {CASE}\)", string.ascii_letters),
    (rf"(?:English )?lower{OF_ONE_CASE}", string.ascii_lowercase),
    (rf"(?:English )?upper{OF_ONE_CASE}", string.ascii_uppercase),
    (r"(?:printable|any valid) ASCII", PRINTABLE),
    (r"English letters", string.ascii_letters),
    (r"(?:letters |digits? )?(?:from )?\(?'?(\w)'? ?(?:-|through|to) ?'?(\w)'?\)?", None),
    (r"digits?", string.digits),
    (r"letters(?=,|$| and digits)", string.ascii_letters),
    (r"(?:the )?spaces?(?: character)?(?: ' ')?", " "),
    (r"parentheses|round brackets", "()"),
    (r"stars \*", "*"),
    # What the sign is follows.
    (
        r"(?:asterisks|vertical bars|dot|period|commas|plus|minus|slash|exclamation mark|"
        r"square brackets|curly brackets)(?= ')",
        "",
    ),
)
CONNECTORS = re.compile(
    r"(?:English|letters?|characters?|alphabet|and/or|and|or|of|in|the|either|symbols?|special|"
    r"a|an|following|one|'s)(?![\w'])|[,.;:()]"
)
QUOTED = re.compile(
    r"'(\\.|[^'])'(?:s\b)?|\"(\\.|[^\"])\"(?:s\b)?|'([^'\w\s]{2,})'|\"([^\"]{2,})\""
)
BARE_LETTERS = re.compile(r"(?:letters|characters)? ?((?:[a-z](?:, | and | or |, and ))+[a-z])\b")


def characters(phrase: str) -> str:
    """All characters that the phrase names, each once. A word that means nothing raises."""
    found = ""
    rest = phrase.strip()
    while rest:
        taken, length = first(rest)
        found += taken
        rest = rest[length:].lstrip()
    if not found:
        raise NotUnderstood
    return "".join(dict.fromkeys(found))


def first(rest: str) -> tuple[str, int]:
    """The characters that the front of a phrase names, and how long that front is."""
    for pattern, names in NAMED:
        if match := re.match(pattern, rest, re.IGNORECASE):
            if names is not None:
                return names, match.end()
            low, high = match.groups()
            return "".join(map(chr, range(ord(low), ord(high) + 1))), match.end()
    if match := QUOTED.match(rest):
        return next(group for group in match.groups() if group is not None), match.end()
    if match := BARE_LETTERS.match(rest):
        return "".join(re.findall(r"\b[a-z]\b", match[1])), match.end()
    if match := re.match(r"\d(?=\W|$)", rest):
        return match[0], match.end()
    if match := CONNECTORS.match(rest):
        return "", match.end()
    raise NotUnderstood

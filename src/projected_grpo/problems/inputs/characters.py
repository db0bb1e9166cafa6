"""Which characters a phrase names: "lowercase English letters, digits, and '-'"."""

import re
import string

from projected_grpo.problems.solution_source import Skip

PRINTABLE = "".join(map(chr, range(32, 127)))
BOTH = r"(?:upper ?-?case|lower ?-?case|capital|small|upper|lower)"
LETTERS = r"(?: English)?(?: (?:letters?|characters?|alphabets?))?"
# The first that matches at the front is taken off the phrase.
NAMED = (
    (rf"{BOTH}(?: English)?(?: letters?)? ?(?:and|or|and/or|&|/) ?{BOTH}", string.ascii_letters),
    (
        r"(?:English )?letters \(\s*(?:lower|upper)-?case (?:and|or) (?:lower|upper)-?case\s*\)",
        string.ascii_letters,
    ),
    (r"letters \((?:uppercase|lowercase) or (?:uppercase|lowercase)\)", string.ascii_letters),
    (
        r"(?:English )?letters \(both (?:lower|upper)case and (?:lower|upper)case\)",
        string.ascii_letters,
    ),
    (rf"(?:English )?(?:lower[- ]?case|small){LETTERS}", string.ascii_lowercase),
    (rf"(?:English )?(?:upper[- ]?case|capital){LETTERS}", string.ascii_uppercase),
    (r"printable ASCII", PRINTABLE),
    (r"(?:any valid )?ascii", PRINTABLE),
    (r"English (?:letters|alphabets)", string.ascii_letters),
    (r"letters from '?([a-z])'? to '?([a-z])'?", None),
    (r"(?:the )?digits? (?:from )?\(?'?(\d)'? ?(?:-|through|to) ?'?(\d)'?\)?", None),
    (r"'([a-z0-9])' (?:to|through|-) '([a-z0-9])'", None),
    (r"from '([a-z0-9])' to '([a-z0-9])'", None),
    (r"digits?(?! \w*case)", string.digits),
    (r"letters(?! ')(?=,|$| and digits| and spaces| or digits|\.)", string.ascii_letters),
    (r"(?:the )?(?:single )?spaces?(?: character)?(?: \(?' '\)?)?", " "),
    (r"parentheses '\(\)'", "()"),
    (r"parentheses(?! ')", "()"),
    (r"(?:square )?brackets '\[\]'", "[]"),
    (r"curly brackets '\{\}'", "{}"),
    (r"(?:round brackets|parentheses)", "()"),
    (r"hyphens?(?: \(?'-'\)?)?", "-"),
    (r"underscores?(?: \(?'_'\)?)?", "_"),
    (r"(?:stars?|asterisks?)(?: \(?'?\*'?\)?)?", "*"),
    (r"vertical bars?(?: '\|')?", "|"),
    (r"(?:dots?|periods?)(?: '\.')?", "."),
    (r"commas?(?: ',')?", ","),
    (r"(?:plus|minus|slash|exclamation mark|question marks?)(?= ')", ""),
)
CONNECTORS = re.compile(
    r"(?:English|letters?|characters?|alphabets?|only|and/or|and|or|of|in|the|both|either|from|"
    r"symbols?|special|with|a|an|to|strictly|following|one|'s|[,.;:()])(?![\w'])|[,.;:()]"
)
QUOTED = re.compile(
    r"'(\\.|[^'])'(?:s\b)?|\"(\\.|[^\"])\"(?:s\b)?|'([^'\w\s]{2,})'|\"([^\"]{2,})\""
)
BARE_LETTERS = re.compile(r"(?:letters|characters)? ?((?:[a-z](?:, | and | or |, and ))+[a-z])\b")


def characters(phrase: str) -> str:
    """All characters that the phrase names, each once. Skip where a word of it means nothing."""
    found = ""
    rest = phrase.strip()
    while rest:
        taken, length = first(rest)
        found += taken
        rest = rest[length:].lstrip()
    if not found:
        raise Skip("constraint not understood")
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
        text = next(group for group in match.groups() if group is not None)
        return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\"), match.end()
    if match := BARE_LETTERS.match(rest):
        return "".join(re.findall(r"\b[a-z]\b", match[1])), match.end()
    if match := re.match(r"\d(?=\W|$)", rest):
        return match[0], match.end()
    if match := CONNECTORS.match(rest):
        return "", match.end()
    raise Skip("constraint not understood")

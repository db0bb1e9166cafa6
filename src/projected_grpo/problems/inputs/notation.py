"""What a statement's text lost on its way to plain text: superscripts, signs, blanks."""

import re

# Powers of two that statements use; other numbers that begin with 2 are themselves.
POWERS_OF_TWO = "10|16|20|28|30|31|32|63|64"
SIGNS = {
    "\xa0": " ",
    "\u200b": "",
    "\ufeff": "",
    "\t": " ",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
    "–": "-",
    "×": "*",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "<sup>": "^",
    "</sup>": "",
    "**": "^",
}
REWRITES = (
    # 50,000
    (r"(?<![\w,.])(\d{1,3}),(\d{3})(?![\w,.]\d|\d)", r"\1\2"),
    # 10^5, "2 x 10^4".
    (r"(?<=\d)\s*[x]\s*(?=\d)", " * "),
    (r"\s*\^\s*", "**"),
    # 105 is 10^5; 100, 1000 and 110 are themselves.
    (r"(?<![\w.'\"])10([1-9]|1[0-8])(?![\w.'\",]|,\d)", r"10**\1"),
    (r"(?<![\w.'\"])10([1-9]|1[0-8])(?=,? |,$|\.$|,\D)", r"10**\1"),
    (rf"(?<![\w.'\"])2({POWERS_OF_TWO})(?![\w'\"]|\.\d)", r"2**\1"),
)


def plain(text: str) -> str:
    """Text with ASCII signs and single blanks; line ends stay."""
    for sign, meaning in SIGNS.items():
        text = text.replace(sign, meaning)
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def powers(line: str) -> str:
    """A line of numbers with its powers as Python writes them: "3 * 104" is 3 * 10**4."""
    for pattern, replacement in REWRITES:
        line = re.sub(pattern, replacement, line)
    return line

"""key=value arguments as text."""

from collections.abc import Iterable, Mapping

from projected_grpo.cli.refusal import Refusal


def arguments(
    argv: Iterable[str], positional: str | None, defaults: Mapping[str, str]
) -> tuple[str | None, dict[str, str]]:
    """Split ["RUN", "label=Correct"] into ("RUN", defaults | {"label": "Correct"}).

    positional: what the one free argument is called in a refusal, None where there is none.
    Raises Refusal for a key outside `defaults` (a key that nothing reads must fail) and for a
    second free argument.
    """
    free, options = free_arguments(argv, positional, defaults)
    if unexpected := free[1:] if positional else free:
        raise _unknown(unexpected[0], positional, defaults)
    return (free[0] if free else None), options


def free_arguments(
    argv: Iterable[str], positional: str | None, defaults: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The same with any number of free arguments."""
    free, options = [], {}
    for word in argv:
        key, equals, value = word.partition("=")
        # A path may hold "=", so only a plain word before it makes an argument a key.
        if equals and key.isidentifier():
            options[key] = value
        else:
            free.append(word)
    if unread := sorted(options.keys() - defaults.keys()):
        raise _unknown(unread[0], positional, defaults)
    return free, {**defaults, **options}


def _unknown(word: str, positional: str | None, defaults: Mapping[str, str]) -> Refusal:
    known = [positional] if positional else []
    known += [f"{key}=" for key in defaults]
    return Refusal(f"unknown argument {word!r}: expected {', '.join(known)}")


def whole_number(key: str, text: str, least: int) -> int:
    """Read `key=text` as an integer of at least `least`. Raises Refusal otherwise."""
    if not (text.isdecimal() and int(text) >= least):
        raise Refusal(f"{key}={text}: expected a whole number, {least} or more")
    return int(text)

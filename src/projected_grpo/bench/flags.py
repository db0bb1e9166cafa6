"""Options that are true or false."""

from projected_grpo.cli import Refusal


def flag(key: str, text: str) -> bool:
    """Read `key=text`. Raises Refusal for any other word than true and false."""
    if text not in ("true", "false"):
        raise Refusal(f"{key}={text}: expected true or false")
    return text == "true"

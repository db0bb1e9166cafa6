"""Problem files on disk."""

import gzip
import json
from pathlib import Path

from projected_grpo.cli import Refusal


def read_jsonl(path: Path) -> list[dict]:
    """Rows of a .jsonl or .jsonl.gz file. Refusal where it cannot be read."""
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    # gzip and json raise these for a damaged file.
    except (OSError, EOFError, ValueError) as error:
        raise Refusal(
            f"cannot read problems from {path} ({error});"
            " give path= a .jsonl or .jsonl.gz file of problems"
        )
    if not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            f"{path} has a line that is no JSON object;"
            " give path= a .jsonl or .jsonl.gz file of problems"
        )
    return rows

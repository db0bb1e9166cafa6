"""What `just train --help` prints: its settings are hydra's, configs/ and verl's own under them."""

import re
from pathlib import Path

from tabulate import tabulate

CONFIGS = Path(__file__).parents[3] / "configs"
GROUPS = ("arm", "env", "scale", "device", "model")
# From the first of our own keys to those of verl's that are set there.
HEAD = re.compile(r"^seed: .*?(?=^run: )", re.S | re.M)


def text() -> str:
    page = (CONFIGS / "train.yaml").read_text()
    rows = []
    for group in GROUPS:
        names = ", ".join(sorted(file.stem for file in (CONFIGS / group).glob("*.yaml")))
        (default,) = re.findall(rf"- {group}: (\S+)", page)
        rows.append((f"{group}=", f"one of {names}", default))
    choices = tabulate(rows, ("", "type", "default"), maxcolwidths=(None, 70, None))
    return "\n\n".join(
        [
            "Train one arm: key=value ...",
            choices,
            "Then, as configs/train.yaml has them (save_every=1 for a key inside another):",
            HEAD.search(page)[0].rstrip(),
            "Any other key of that file, of the groups' and of verl's config may follow.",
        ]
    )

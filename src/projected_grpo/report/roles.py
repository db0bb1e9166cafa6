"""What the arms of a comparison are to each other, read from their definitions.

Nothing here, nor in the rest of this room, knows an arm by name.
"""

from collections.abc import Sequence

from projected_grpo.cli import Refusal

# arm -> its definition (runs.run.DEFINITION)
Definitions = dict[str, dict]


def ordered(definitions: Definitions, ranked: Sequence[str] = ()) -> list[str]:
    """Ceilings, the reference, treatments each followed by its controls, other controls.

    ranked: the treatments, in an order other than by name.
    """
    order = _with_role(definitions, "ceiling") + _with_role(definitions, "reference")
    for treatment in ranked or treatments(definitions):
        order += [treatment, *controls(definitions, treatment)]
    others = [arm for arm in _with_role(definitions, "control") if arm not in order]
    return order + others


def reference(definitions: Definitions) -> str | None:
    """The arm that others are subtracted from, None where there is none.

    Raises Refusal where there are several.
    """
    arms = _with_role(definitions, "reference")
    if len(arms) > 1:
        raise Refusal(
            f"{len(arms)} arms have the role of reference ({', '.join(arms)}): "
            "keep them in groups of their own"
        )
    return arms[0] if arms else None


def treatments(definitions: Definitions) -> list[str]:
    return _with_role(definitions, "treatment")


def controls(definitions: Definitions, treatment: str) -> list[str]:
    """The controls of a treatment."""
    return [
        arm
        for arm in _with_role(definitions, "control")
        if definitions[arm]["control_of"] == treatment
    ]


def treatment_of(definitions: Definitions, arm: str) -> str | None:
    """The treatment that `arm` controls, None if it controls none that is there."""
    for treatment in treatments(definitions):
        if arm in controls(definitions, treatment):
            return treatment
    return None


def _with_role(definitions: Definitions, role: str) -> list[str]:
    return sorted(arm for arm, definition in definitions.items() if definition["role"] == role)

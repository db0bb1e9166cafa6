"""BEARTYPE=1 checks annotations where they have shapes, and where they have none."""

import os

import pytest
import torch
from beartype.roar import BeartypeCallHintParamViolation
from jaxtyping import TypeCheckError

from projected_grpo.problems.problem import arguments_of
from projected_grpo.weights.constraint import ratio

pytestmark = pytest.mark.skipif(
    os.environ.get("BEARTYPE") != "1", reason="annotations are checked with BEARTYPE=1 alone"
)


def test_a_value_of_another_type_is_refused():
    with pytest.raises(BeartypeCallHintParamViolation):
        arguments_of(5)


def test_a_tensor_of_another_shape_is_refused():
    with pytest.raises(TypeCheckError):
        ratio(torch.zeros(3, 3))

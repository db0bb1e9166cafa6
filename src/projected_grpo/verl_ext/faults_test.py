"""What a run ends with, from errors as torch and the kernel raise them."""

import pytest
import torch

from projected_grpo.verl_ext import faults


def raised(act) -> BaseException:
    with pytest.raises(BaseException) as caught:
        act()
    return caught.value


def write_full():
    with open("/dev/full", "w") as file:
        file.write("x")


@pytest.mark.parametrize(
    "act",
    [write_full, lambda: torch.save(torch.zeros(9), "/dev/full")],
    ids=["a file", "a checkpoint"],
)
def test_a_full_disk_is_named_with_what_is_free(act, tmp_path):
    said = faults.line(raised(act), tmp_path)
    assert str(tmp_path) in said and "GB are free: make room" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "the GPU's memory"),
        (ValueError("Free memory on device is less than desired GPU memory"), "the GPU's memory"),
        (faults.NotFinite("the gradient of step 3 has norm nan"), "of step 3 has norm nan: lower"),
    ],
)
def test_memory_and_numbers_are_named_with_a_remedy(error, said, tmp_path):
    line = faults.line(error, tmp_path)
    assert said in line and "\n" not in line


def test_any_other_error_is_left_to_the_log(tmp_path):
    assert faults.line(ValueError("nonsense"), tmp_path) is None

import pytest

from projected_grpo.runs.files import replacing, write_atomic


def test_the_whole_file_takes_the_place_of_the_old_one(tmp_path):
    file = tmp_path / "a.txt"
    write_atomic(file, "old")
    with replacing(file) as scratch:
        scratch.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    file = tmp_path / "a.txt"
    write_atomic(file, "old")
    with pytest.raises(ZeroDivisionError), replacing(file) as scratch:
        scratch.write_text("half")
        _ = 1 / 0
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_body_that_writes_nothing_is_an_error_and_leaves_the_old_file(tmp_path):
    file = tmp_path / "a.txt"
    write_atomic(file, "old")
    with pytest.raises(FileNotFoundError), replacing(file):
        pass
    assert file.read_text() == "old"

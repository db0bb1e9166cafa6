"""A model's name -> a folder, and what is no model."""

import shutil

import pytest

from projected_grpo import models
from projected_grpo.cli import Refusal


def folder(path, *files: str):
    for name in files:
        (path / name).write_text("{}")
    return path


def test_a_folder_is_taken_as_it_is(tmp_path):
    made = folder(tmp_path, "config.json", "tokenizer_config.json")
    assert models.resolve(str(made)) == made.resolve()


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ((), "has no config.json"),
        (("config.json",), "has no tokenizer_config.json"),
        (
            ("config.json", "tokenizer_config.json", "warm_start.json"),
            "rename its warm_start.json to taught.json",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_refused(files, line, tmp_path):
    with pytest.raises(Refusal, match=line):
        models.resolve(str(folder(tmp_path, *files)))


def test_a_model_without_a_chat_template_is_refused_where_it_is_talked_to(tmp_path):
    whole = models.resolve("smollm2-135m")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(whole / name, tmp_path)
    with pytest.raises(Refusal, match="has no chat template: put its chat_template.jinja there"):
        models.chat_tokenizer(models.resolve(str(tmp_path)))


def test_the_numbers_of_a_model_are_counted_from_its_files():
    assert models.weights_of(models.resolve("smollm2-135m")) == 134_515_008


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(Refusal, match="unknown model 'gpt'.*smollm2-135m"):
        models.resolve("gpt")

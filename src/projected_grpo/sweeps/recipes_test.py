"""The justfile's recipes of single arms against the study and the arms' configs."""

import re

import pytest

from projected_grpo.sweeps import study
from projected_grpo.sweeps.study import CONFIGS, read

STUDY = "assay"
RECIPE = re.compile(r'# H: (.+)\nsweep-(\S+) \*args:\n    @{{ sweep }} arms=(\w+) "\$@"\n')
JUSTFILE = (CONFIGS.parent / "justfile").read_text()


@pytest.fixture
def assay(tmp_path):
    return read(STUDY, tmp_path)


def test_every_arm_of_the_study_has_a_recipe_under_the_hypothesis_of_its_config(assay):
    written = {arm: said for said, _, arm in RECIPE.findall(JUSTFILE)}
    assert written == {arm: study.hypothesis(assay, arm) for arm in assay.arms}


def test_a_recipe_bears_its_arms_name_and_runs_it_in_the_study():
    for _, name, arm in RECIPE.findall(JUSTFILE):
        assert name == arm.replace("_", "-")
    assert JUSTFILE.count("\nsweep-") == len(RECIPE.findall(JUSTFILE))
    assert f'sweep := just_executable() + " sweep {STUDY}"' in JUSTFILE

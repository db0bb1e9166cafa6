"""Lines that say what a list of rows or strings is as a table."""

from projected_grpo.problems.inputs.qualities.tables import NEIGHBOURS_DIFFER, RECTANGULAR
from projected_grpo.problems.inputs.wordings.line import on_subject, on_the_list

WORDINGS = (
    (r"(?P<s>\w+)\[\w\]\.length is equal", on_subject(RECTANGULAR)),
    (r"strings (?:is of|have) the same length", on_the_list(RECTANGULAR)),
    (r"no two adjacent cells is equal", on_the_list(NEIGHBOURS_DIFFER)),
)

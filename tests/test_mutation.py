"""Random mutations of an implementation: what notices them, and what is reported."""

from __future__ import annotations

import ast

import pytest

from mlatlas.atlas.judge.mutation import sites, survivors
from mlatlas.atlas.map import open_atlas

SOURCE = """
def f(x):
    if x < 2 and not False:
        return -x + 1
    return x * 3
"""


def test_every_operator_comparison_and_number_is_a_site(tmp_path):
    path = tmp_path / "f.py"
    path.write_text(SOURCE)
    found = {site.change for site in sites(path)}
    assert found == {
        "Lt -> LtE", "And -> Or", "False -> True", "- removed", "Add -> Sub", "Mult -> Div", "2 -> 3", "1 -> 2", "3 -> 4",
    }  # fmt: skip


def test_a_site_changes_one_thing(tmp_path):
    path = tmp_path / "f.py"
    path.write_text(SOURCE)
    for site in sites(path):
        tree = ast.parse(SOURCE)
        site.apply(tree)
        assert ast.dump(tree) != ast.dump(ast.parse(SOURCE)), site.change


@pytest.mark.slow
def test_most_mutations_of_a_room_are_noticed():
    tried, alive = survivors(open_atlas().rooms["information-theory"], 6, seed=0)
    assert tried == 6
    assert len(alive) < 6
    assert all(".py:" in one for one in alive)

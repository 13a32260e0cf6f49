"""What the READMEs and the contributing guide tell the reader to type exists and runs."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from mlatlas.atlas.cli import app
from mlatlas.atlas.map import open_atlas

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "README.zh.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_python_runs(page):
    for code in re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL):
        with redirect_stdout(io.StringIO()):
            exec(compile(code, page, "exec"), {})


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md", "docs/tables.md", "docs/grade.md", "docs/diff.md"])
def test_the_verbs_and_concepts_exist(page):
    verbs = {command.name for command in app().registered_commands}
    commands = re.findall(r"mlatlas ([a-z]+)((?: [\w./=,-]+)*)", (ROOT / page).read_text(encoding="utf-8"))
    assert commands
    concepts = open_atlas().concepts
    for verb, rest in commands:
        if verb in verbs and rest.split() and re.fullmatch(r"[a-z-]+", rest.split()[0]) and page != "CONTRIBUTING.md":
            assert rest.split()[0] in concepts or rest.startswith(" --"), (verb, rest)
    assert {verb for verb, _ in commands} & verbs == {verb for verb, _ in commands if not verb.startswith("in")}


def test_both_readmes_say_the_same_commands():
    first, second = ((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    assert re.findall(r"^(?:make|mlatlas) [a-z]+", first, re.MULTILINE) == re.findall(
        r"^(?:make|mlatlas) [a-z]+", second, re.MULTILINE
    )

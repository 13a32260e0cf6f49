"""The map: what is planned, how rooms are found and read, and the graph between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.map import Atlas, inventory, open_atlas
from mlatlas.atlas.map.rooms import LawHeader
from mlatlas.atlas.text import Text

CHECKED = """
$$ a = b $$ (gradient)
```{check} gradient
truth = answer = 1
```
"""
SETTLED = """
::::{question} q082
:::{en}
Because.
:::
:::{zh}
因为。
:::
$$ c $$ (why)
```{check} why
truth = answer = 1
```
::::
"""


class House:
    """A tree of rooms in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def room(
        self, id: str, body: str = CHECKED, needs: dict[str, str] | None = None, region: str | None = None
    ) -> Path:
        concept = inventory.concepts()[id]
        wanted = dict.fromkeys(concept.needs, "why") | (needs or {})
        reasons = "".join(f"\n  {need}: {{en: {reason}, zh: {reason}}}" for need, reason in wanted.items() if reason)
        front = f"---\ntitle: T\ntitle_zh: 题\nneeds:{reasons or ' {}'}\nsources: [S]\n---\n"
        folder = self.root / (region or concept.region) / concept.folder
        folder.mkdir(parents=True)
        (folder / "page.md").write_text(front + body, encoding="utf-8")
        return folder

    def open(self) -> Atlas:
        return open_atlas.__wrapped__(self.root)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def fails(action: Callable[[], object], *parts: str) -> None:
    with pytest.raises(AtlasError) as error:
        action()
    for part in parts:
        assert part in str(error.value)


# what is planned


def test_the_inventory_is_whole():
    concepts = inventory.concepts()
    assert len(concepts) == 126
    assert {concept.region for concept in concepts.values()} == set(inventory.regions())
    texts = [*inventory.regions().values(), *(concept.title for concept in concepts.values())]
    texts += [item.text for item in (*inventory.questions().values(), *inventory.claims().values())]
    assert all(text.en.strip() and text.zh.strip() for text in texts)
    assert (len(inventory.questions()), len(inventory.claims())) == (93, 19)
    assert concepts["lasso"].needs == ("ridge", "norms")
    assert concepts["logistic-regression"].folder == "logistic_regression"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("id\ttitle\na", "t.tsv:2: a line has 2 cells"),
        ("id\ttitle\na\tb\na\tc", "t.tsv:3: the id 'a' stands in an earlier line"),
    ],
)
def test_a_broken_table_is_told_with_its_line(tmp_path, monkeypatch, lines, message):
    (tmp_path / "t.tsv").write_text(lines)
    monkeypatch.setattr(inventory, "__file__", str(tmp_path / "inventory.py"))
    fails(lambda: inventory._rows("t.tsv"), message)


# the graph


def test_an_empty_house_is_all_planned(house: House):
    atlas = house.open()
    assert atlas.rooms == {}
    assert atlas.order() == ()
    assert atlas.route("lasso") == ("linear-regression", "svd", "ridge", "convexity", "norms", "lasso")
    assert atlas.route("lasso", ["ridge"]) == ("convexity", "norms", "lasso")
    assert atlas.route("ridge", ["lasso"]) == ()
    assert atlas.ancestors("ridge") == ("linear-regression", "svd")
    assert "lasso" in atlas.used_by("ridge")
    assert [question.id for question in atlas.unanswered("linear-regression")] == ["q082"]


def test_every_concept_comes_after_what_it_needs(house: House):
    atlas = house.open()
    place = {id: number for number, id in enumerate(atlas.sorted)}
    assert set(place) == set(atlas.concepts)
    assert all(place[need] < place[id] for id in place for need in atlas.needs(id))


def test_a_page_may_add_a_prerequisite(house: House):
    house.room("lasso")
    house.room("linear-regression", needs={"svd": "for the rank"})
    atlas = house.open()
    assert atlas.needs("linear-regression") == ("svd",)
    assert [room.concept.id for room in atlas.order()] == ["linear-regression", "lasso"]
    assert atlas.route("linear-regression") == ("svd", "linear-regression")


def test_a_circle_is_shown(house: House):
    house.room("svd", needs={"lasso": "why not"})
    fails(house.open, "svd needs lasso needs ridge needs svd")


def test_an_unknown_id_gets_its_close_matches(house: House):
    atlas = house.open()
    fails(lambda: atlas.room("laso"), "'laso'", "did you mean lasso")
    fails(lambda: atlas.route("lasso", ["rigde"]), "'rigde'", "ridge")
    fails(lambda: atlas.used_by("zzzzzz"), "mlatlas map lists")
    fails(lambda: atlas.room("lasso"), "planned but not built")
    fails(lambda: atlas.concept("map"), "the atlas as a whole")


# rooms against the inventory


def test_a_room_is_found_and_settles_its_question(house: House):
    folder = house.room("linear-regression", SETTLED)
    atlas = house.open()
    room = atlas.room("linear-regression")
    assert (room.folder, room.module) == (folder, "mlatlas.linear.linear_regression")
    assert room.has("page.md")
    assert not room.has("lab.py")
    assert atlas.unanswered("linear-regression") == ()


def test_pages_that_do_not_fit_the_inventory(house: House, tmp_path: Path):
    house.room("ridge", needs={"svd": ""})
    fails(house.open, "ridge/page.md:1", "ridge needs svd")


@pytest.mark.parametrize(
    ("id", "body", "needs", "message"),
    [
        ("ridge", CHECKED, {"rigde": "why"}, "needs names 'rigde'"),
        ("linear-regression", SETTLED.replace("q082", "q999"), {}, "page.md:8: there is no question 'q999'"),
        ("ridge", SETTLED, {}, "question q082 belongs to linear-regression"),
        ("svd", SETTLED.replace("{question} q082", "{claim} q082 true"), {}, "no claim 'q082' in claims.tsv"),
    ],
)
def test_unknown_ids_on_a_page(house: House, id, body, needs, message):
    house.room(id, body, needs)
    fails(house.open, message)


def test_folders_that_are_no_rooms(house: House):
    house.room("ridge", region="kernels")
    fails(house.open, "kernels/ridge", "is planned in linear")


def test_a_folder_with_code_must_be_a_concept(house: House):
    (house.root / "linear" / "rigde").mkdir(parents=True)
    assert house.open().unfinished == ()
    (house.root / "linear" / "rigde" / "rigde.py").touch()
    fails(house.open, "linear/rigde", "not the folder of a concept")


def test_code_without_a_page_is_unfinished(house: House):
    folder = house.root / "linear" / "ridge"
    folder.mkdir(parents=True)
    (folder / "ridge.py").touch()
    assert house.open().unfinished == ("ridge",)


def test_a_skeleton_is_unwritten(house: House):
    house.room("svd", ":::{en}\n…\n:::\n:::{zh}\n…\n:::\n")
    assert house.open().rooms["svd"].page.unwritten


# what a room holds


def test_exports_are_read_and_must_be_defined(house: House):
    folder = house.room("ridge")
    (folder / "ridge.py").write_text(
        "class Ridge:\n    pass\nRidgeCV: type = Ridge\ndef path(): ...\nfrom os import sep\n"
    )
    stub = folder.parent / "__init__.pyi"
    stub.write_text('"""Doc."""\nfrom .ridge.ridge import Ridge as Ridge, RidgeCV as RidgeCV, path as path\n')
    module = "mlatlas.linear.ridge.ridge"
    assert house.open().room("ridge").exports == {"Ridge": module, "RidgeCV": module, "path": module}
    stub.write_text("from .ridge.ridge import Ridge as Ridge\nfrom .ridge.ridge import sep as sep\n")
    fails(lambda: house.open().room("ridge"), "linear/__init__.pyi:2: 'sep' is not defined in ridge/ridge.py")
    stub.write_text("from .ridge.other import Ridge as Ridge\n")
    fails(lambda: house.open().room("ridge"), "not defined in ridge/other.py")
    stub.write_text("from .rigde.rigde import Ridge as Ridge\n")
    fails(lambda: house.open().validate(), "linear/__init__.pyi:1: there is no room 'rigde'")
    stub.write_text("import os\n")
    fails(lambda: house.open().validate(), "linear/__init__.pyi:1: a stub holds lines like")


LAWS = """
from somewhere import elsewhere, known, law, mutant

raise RuntimeError("laws are read, not run")

@known(en="One " "sentence.", zh="一句。", source="by hand")
def by_hand(subject): ...

@law("limit", of="linear-regression", given=full, without=lambda draw: (*poor(draw), 1), en="E", zh="Z")
def vanishing(problem, subject, other): ...

@law(relation="invariant", given=full, trait="permutation-invariant")
def order(problem, subject, other): ...

@elsewhere(3)
@mutant(en="slips", zh="失手")
def slip(ours): ...
"""


def test_laws_are_read_without_running_them(house: House):
    folder = house.room("ridge")
    (folder / "laws.py").write_text(LAWS)
    atlas = house.open()
    by_hand, vanishing, order, slip = atlas.room("ridge").laws
    assert by_hand == LawHeader("known", "by_hand", 7, Text("One sentence.", "一句。"), source="by hand")
    assert (vanishing.kind, vanishing.relation, vanishing.of) == ("law", "limit", "linear-regression")
    assert (vanishing.given, vanishing.without) == ("full", "(*poor(draw), 1)")
    assert "order" in order.text.en
    assert (slip.kind, slip.text) == ("mutant", Text("slips", "失手"))
    assert atlas.laws_about("linear-regression") == (("ridge", vanishing),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('zh="Z"', 'zh=""', "laws.py:9: vanishing wants its statement in both languages"),
        ('en="E"', 'en=f"{E}"', "laws.py:9: en of vanishing is a plain string"),
        ('"limit"', '"limits"', "one of special case, equivalent, limit"),
        ('of="linear-regression"', 'of="linear"', "points to 'linear'"),
        ("permutation-invariant", "permuted", "unknown trait 'permuted'"),
        ("def by_hand", "deff by_hand", "ridge/laws.py:7: the file is not Python"),
    ],
)
def test_laws_that_cannot_be_read(house: House, old, new, message):
    folder = house.room("ridge")
    assert old in LAWS
    (folder / "laws.py").write_text(LAWS.replace(old, new, 1))
    fails(lambda: house.open().room("ridge"), message)


def test_lines_of_code_and_equations_name_each_other(house: House):
    with_code = CHECKED.replace("truth = answer", "code = truth = answer")
    folder = house.room("svd", with_code)
    fails(lambda: house.open().room("svd"), "svd/page.md:9: the check sets code, but no line", "# (gradient)")
    code = folder / "svd.py"
    code.write_text('text = """\n# (gradient)\n"""\n')
    fails(lambda: house.open().room("svd"), "no line of the implementation ends in # (gradient)")
    code.write_text("a = 1  # (gradient)\nb = 2  # shape (gradient) once more\nc = 3  # (n, p)\nd = 4  #  (gradient)\n")
    (folder / "test_svd.py").write_text("a = 1  # (elsewhere)\n")
    assert house.open().room("svd").tags == {"gradient": ((code, 1), (code, 4))}
    code.write_text("a = 1  # (gradient)\nb = 2  # (gradiant)\n")
    fails(lambda: house.open().room("svd"), "svd/svd.py:2: the line is tagged (gradiant)")


def test_the_digest_follows_every_file_that_is_installed(house: House):
    folder = house.room("svd")
    digests = {house.open().rooms["svd"].digest}
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"1")
    (folder / "test_svd.py").write_text("a wheel has no tests")
    digests.add(house.open().rooms["svd"].digest)
    assert len(digests) == 1
    (folder / "svd.py").write_text("a = 1\n")
    digests.add(house.open().rooms["svd"].digest)
    (folder / "svd.py").rename(folder / "svd2.py")
    digests.add(house.open().rooms["svd"].digest)
    (folder / "page.md").write_text((folder / "page.md").read_text() + "\n")
    digests.add(house.open().rooms["svd"].digest)
    assert len(digests) == 4

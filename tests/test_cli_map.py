"""The verbs that read: map, route, show, new; what they print, what they refuse, and what they must not import."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlatlas.atlas.cli import main
from mlatlas.atlas.cli._terminal import console, prose
from mlatlas.atlas.map import inventory, open_atlas
from mlatlas.atlas.map.page import GAP
from mlatlas.atlas.web.findings import Findings
from mlatlas.atlas.web.page import page_body, prose_html

HEAVY = ("sklearn", "numba", "torch", "scipy", "matplotlib", "sympy", "pandas", "fastapi")
ROOM = "linear-regression"
CLAIM = {claim.concept: claim.id for claim in inventory.claims().values()}["norms"]

IDEA = """---
title: Norms
title_zh: 范数
needs:
  convexity: {en: "every norm is convex, <b>always</b>", zh: "凡范数都是凸的，$\\\\lVert x\\\\rVert$ 亦然"}
  svd: {en: for the nuclear norm, zh: 核范数要用}
sources: ["Golub <i>2013</i> [bold]"]
aliases: [lengths]
---
## Idea
:::{en}
A norm is a *length*, $\\lVert x \\rVert$, and `x < y`.
:::
:::{zh}
范数就是**长度（非负）**，记作 $\\lVert x \\rVert$。
:::
"""
PAGE = f"""{IDEA}
$$ \\frac{{1}}{{2n}} \\lVert x \\rVert^2 $$ (length)
```{{check}} length
truth  = sum([x[i] ** 2 for i in range(3)])
answer = code = x @ x
```
## Claims
::::{{claim}} {CLAIM} half-true
:::{{en}}
Sometimes.
:::
:::{{zh}}
有时如此。
:::
$$ a < b $$ (sparse)
```{{check}} sparse
truth = answer = 1
```
::::
```python
x = [1, 2]  # :smile: [bold]
```
"""
CODE = '"""Norms."""\n\n\ndef length(x):\n    """Of x."""\n    return x @ x  # (length)\n'
LAWS = """from mlatlas.atlas.judge import law, mutant


@law("bound", of="svd", given=any_vector, without=no_vector, en="It holds [0:1].", zh="成立。", source="By hand")
def triangle(problem, subject, other): ...


@mutant(en="forgets the root", zh="忘了开方")
def squared(ours): ...
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "foundations" / "norms"
    folder.mkdir(parents=True)
    for name, text in {"page.md": PAGE, "norms.py": CODE, "laws.py": LAWS, "../__init__.pyi": ""}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder.parent / "__init__.pyi").write_text("from .norms.norms import length as length\n")
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys, root):
    """Run a verb on the house of one room; its output, or its complaint and status."""
    for verb in ("map", "route", "show"):
        monkeypatch.setattr(f"mlatlas.atlas.cli.{verb}.open_atlas", lambda: open_atlas(root))
    monkeypatch.setenv("COLUMNS", "90")

    def run(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["mlatlas", *arguments])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        assert code == status, printed.err
        assert "Traceback" not in printed.err
        return printed.err if status else printed.out

    return run


def test_the_map_lists_every_concept_once(run):
    for lang, title, summary in (("en", "Norms", "1 of 126 places built"), ("zh", "范数", "已建成 1 处")):
        text = run("map", "--lang", lang)
        listed = re.findall(r"^  [●◐·] .*?  +([a-z0-9-]+)(?:  ←.*)?$", text, re.MULTILINE)
        assert listed == sorted(inventory.concepts(), key=listed.index)
        assert len(listed) == len(inventory.concepts())
        assert re.search(r"^  ● .*  norms  ← convexity svd$", text, re.MULTILINE)
        assert summary in text
        assert inventory.concepts()["norms"].title[lang] in text or title in text


def test_the_route_gives_reasons_where_pages_do(run):
    text = run("route", "norms", "--lang", "en")
    assert re.findall(r"^ +\d [●·] .*  ([a-z]+)$", text, re.MULTILINE) == ["convexity", "svd", "norms"]
    assert "→ norms: for the nuclear norm" in text
    assert run("route", "norms", "--from", "svd", "--from", "convexity", "--lang", "en").count("\n") == 2
    assert "behind you" in run("route", "svd", "--from", "norms", "--lang", "en")


def test_show_prints_the_whole_page(run):
    text = run("show", "norms", "--lang", "en")
    for part in (
        "A norm is a length, ‖x‖, and x < y.",
        "1/(2n) ‖x‖²",
        "(length)",
        "▸ checked numerically: truth = sum([x[i] ** 2 for i in range(3)])",
        f"Claim · half-true · {CLAIM}",
        inventory.claims()[CLAIM].text.en,
        "bound ↔ svd",
        "It holds [0:1].",
        "given any_vector; fails without it, on no_vector. By hand",
        "forgets the root",
        "x = [1, 2]  # :smile: [bold]",
        "from mlatlas.foundations import length",
        "(length) norms.py:6",
        "svd: for the nuclear norm",
        "Golub <i>2013</i> [bold]",
        "lasso",
    ):
        assert part in text, part
    assert "长度" not in text


def test_show_in_chinese_has_no_english_prose(run):
    text = run("show", "norms", "--lang", "zh")
    assert "范数就是长度（非负），记作 ‖x‖。" in text
    assert "convexity: 凡范数都是凸的，‖x‖ 亦然" in text
    assert "半对" in text
    assert "A norm" not in text
    assert "\x1f" not in text


def test_chinese_is_broken_at_the_edge_and_never_before_a_mark(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    console().print(prose("长句 $x$ 之后还有很多很多个字，没有一个空格，照样“排满”每一行。"))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert "".join(lines) == "长句 x 之后还有很多很多个字，没有一个空格，照样“排满”每一行。"
    assert all(len(line) >= 8 for line in lines[:-1])
    assert not any(line[0] in "，。”" or line[-1] == "“" for line in lines)


def test_show_a_planned_place(run):
    text = run("show", "svd", "--lang", "en")
    assert "Planned, not built yet" in text
    assert "Used by: norms, ridge" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "norm"], "There is no concept 'norm'; did you mean norms"),
        (["route", "norms", "--from", "sdv"], "'sdv'"),
        (["show", "norms", "--html", "/nowhere/x.html"], "--html /nowhere/x.html: the file cannot be written"),
        (["shw"], "show"),
        (["map", "--lang", "fr"], "'fr'"),
        (["new", "norm"], "did you mean norms"),
        (["new", "norms", "--root", "/nowhere"], "--root /nowhere: there is no such folder"),
    ],
)
def test_mistakes_are_a_sentence_and_status_2(run, arguments, message):
    assert message in run(*arguments, status=2)


def test_latex_that_cannot_be_read_is_told_with_its_line(run, root):
    page = root / "foundations" / "norms" / "page.md"
    page.write_text(PAGE.replace("a < b", "\\frac{a}"), encoding="utf-8")
    for more in ([], ["--html", str(root / "x.html")]):
        open_atlas.cache_clear()
        assert "mlatlas: norms/page.md:31: the LaTeX '\\\\frac{a}' cannot be read" in run(
            "show", "norms", *more, status=2
        )
    open_atlas.cache_clear()


def test_an_interruption_is_status_130(run, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mlatlas.atlas.cli.map.open_atlas", interrupted)
    run("map", status=130)


# HTML


class Outline(HTMLParser):
    """Checks that elements close, and gathers what a reader of the page needs to be there."""

    VOID = ("meta", "br", "hr", "img", "mspace", "link")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def outline(html: str) -> Outline:
    """The outline, after what every page must satisfy."""
    found = Outline(html)
    assert len(found.ids) == len(set(found.ids))
    inner = [link[1:] for link in found.links if link.startswith("#")]
    assert set(inner) <= set(found.ids)
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in found.tags}
    return found


def test_the_html_page_is_whole_and_stands_alone(run, root):
    for lang, tag in (("en", "en"), ("zh", "zh-Hans")):
        file = root / f"{lang}.html"
        assert str(file) in run("show", "norms", "--html", str(file), "--lang", lang).replace("\n", "")
        html = file.read_text(encoding="utf-8")
        found = outline(html)
        assert ("html", {"lang": tag}) in found.tags
        assert {"main", "nav", "header", "article"} <= {tag for tag, _ in found.tags}
        assert not re.search(r"url\(|@import|https?://", html)
        assert {"eq-length", "check-length", "norms.py-6", CLAIM, "idea", "sources"} <= set(found.ids)
        assert {"#norms.py-6", "#eq-length"} <= set(found.links)
        assert "<b>always" not in html
        assert "Golub &lt;i&gt;2013" in html
        assert html.count("<math") >= 3
        words = re.sub(r"<style>.*?</style>|<[^>]*>", "", html, flags=re.DOTALL)
        assert ("A norm is" in words) == (lang == "en")
        assert ("记作" in words) == (lang == "zh")


def test_verdicts_and_links_are_shown_where_they_are_given(root):
    atlas = open_atlas(root)
    room = atlas.room("norms")
    bare = page_body(atlas, room, "en")
    assert bare.count("Numeric check") == 2
    good = {"ok": True, "level": "numeric", "error": 3.21e-12, "draws": 25, "reasons": ()}
    bad = SimpleNamespace(ok=False, level="numeric", error=0.3, draws=2, reasons=("truth and answer differ.",))
    html = page_body(atlas, room, "en", Findings(checks={"length": good, "sparse": bad}), lambda id: f"/concepts/{id}")
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", html))
    assert "✓ Checked numerically · 25 draws · largest error 3e-12" in text
    assert "✗ The check fails · truth and answer differ." in text
    assert 'href="/concepts/svd"' in html
    assert "<html" not in html


def test_no_line_ends_between_a_formula_and_the_mark_after_it():
    assert re.search(r'<span class="whole"><math>.*</math>,</span> but', prose_html("If $x$, but"))
    assert "whole" not in prose_html("If $x$ but")
    assert "&lt;script&gt;" in prose_html("<script>")


# new


def test_a_new_room_is_read_by_the_map_and_clearly_unwritten(run, root):
    text = run("new", "decision-tree", "--root", str(root), "--lang", "en")
    folder = root / "trees" / "decision_tree"
    files = ["decision_tree.py", "lab.py", "laws.py", "page.md", "peer.py", "test_decision_tree.py"]
    assert sorted(path.name for path in folder.iterdir()) == files
    asked = [item.id for item in open_atlas(root).unanswered("decision-tree")]
    assert all(id in text for id in asked)
    open_atlas.cache_clear()
    room = open_atlas(root).room("decision-tree")
    assert room.page.unwritten
    assert room.page.needs.keys() == {"information-theory", "metrics"}
    assert room.exports == {"DecisionTree": "mlatlas.trees.decision_tree.decision_tree"}
    assert {law.kind for law in room.laws} == {"law", "known", "mutant"}
    assert "attach_stub" in (root / "trees" / "__init__.py").read_text()
    assert "◐" in run("map").split("decision-tree")[0].splitlines()[-1]
    assert GAP in run("show", "decision-tree")
    for path in folder.glob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    assert "has a folder already" in run("new", "decision-tree", "--root", str(root), status=2)
    open_atlas.cache_clear()


def test_a_new_line_joins_the_exports_that_are_there(run, root):
    run("new", "convexity", "--root", str(root))
    stub = (root / "foundations" / "__init__.pyi").read_text()
    assert (
        stub == "from .convexity.convexity import Convexity as Convexity\nfrom .norms.norms import length as length\n"
    )
    open_atlas.cache_clear()


# what reading may cost


@pytest.mark.parametrize("arguments", [["map"], ["route", "lasso"], ["show", ROOM], ["show", ROOM, "--lang", "zh"]])
def test_reading_is_quick_and_imports_nothing_heavy(arguments: list[str]):
    script = (
        "import sys; from mlatlas.atlas.cli import main\n"
        f"sys.argv = ['mlatlas', *{arguments!r}]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert not set(HEAVY) & set(done.stderr.split())
        assert done.stdout.strip()
    assert min(seconds) < 0.8, "the budget is 0.4 s; twice as much of the processor is no accident"

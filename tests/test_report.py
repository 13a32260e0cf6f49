"""The report and ``mlatlas run``: self-contained, in both languages, and nothing lost when interrupted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from mlatlas.atlas.cli import run as verb
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import (
    Cell,
    Event,
    Figure,
    Knob,
    Lab,
    Learned,
    Line,
    Metric,
    Progress,
    RunResult,
    Script,
    Section,
    Table,
    lab,
    section,
    write_report,
)
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import Text

TITLE = Text("Halving <it>", "减半 <它>")


@lab(en="How fast halving is", zh="减半有多快", data=Text("no data at all", "没有数据"))
def halving(
    steps: Annotated[int, Knob(en="Steps", zh="步数", low=2, high=50)] = 5,
    start: Annotated[float, Knob(en="Start", zh="起点", low=1, high=9)] = 8.0,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    yield Progress(0.5, en="halving", zh="正在减半")
    values = [start / 2**k for k in range(steps)]
    yield Metric("last", values[-1], en="last value", zh="最后的值", unit=Text("metres", "米"))
    yield Table(
        en="Values", zh="数值", columns=[Text("step", "步"), Text("small", "小")], rows=[[0, False], [None, True]]
    )
    yield Figure(
        name="halves",
        title=Text("Half each time", "每次减半"),
        x=Text("step", "步"),
        y=Text("value (m)", "数值（米）"),
        caption=Text("A line <b>down</b>.", "一条向下的线。"),
        series=[Line(range(steps), values, label=Text("value", "数值"))],
    )
    yield Learned(en=f"After {steps} steps {values[-1]:g} is left.", zh=f"{steps} 步之后剩下 {values[-1]:g}。")
    yield Script(f"print({start!r} / 2 ** {steps - 1})")


@lab(en="Stops", zh="停", data=Text("none", "无"))
def stopping(*, seed: int = 0) -> Iterator[Event]:
    yield from list(halving.run())[: 4 if seed == 0 else 0]
    raise KeyboardInterrupt


class Page(HTMLParser):
    """Checks that tags close in order, and keeps ids and addresses."""

    VOID = frozenset({"meta", "input", "link", "br", "img", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.keep(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.keep(attrs)

    def keep(self, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def report(folder: Path, sections: list[Section], **options: Any) -> str:
    return write_report(folder / "deep" / "report.html", TITLE, sections, **options).read_text(encoding="utf-8")


def example(id: str = "halving", **cells: str) -> Section:
    marks = [Cell(Text(name, f"{name} 中"), "3/4", mark, Text("a reason", "原因")) for name, mark in cells.items()]
    return section(id, TITLE, halving, halving.gather(), marks)


def test_a_report_needs_nothing_else(tmp_path: Path) -> None:
    text = report(tmp_path, [example("one", laws="good"), example("two", laws="bad", race="none")], stamp="the stamp")
    page = Page(text)
    assert all(address.startswith("#") or address.startswith("data:") for address in page.addresses)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    assert "<script" not in text
    assert "@import" not in text
    assert "the stamp" in text


def test_a_report_holds_everything_in_both_languages(tmp_path: Path) -> None:
    text = report(tmp_path, [example(laws="good", mutants="bad", race="none", peers="warn")])
    for said in (
        "How fast halving is", "减半有多快", "no data at all", "没有数据", "After 5 steps 0.5 is left.", "5 步之后剩下 0.5。",
        "Half each time", "每次减半", "value (m)", "数值（米）", "0.5000", "metres", "米", "Values", "数值", "laws 中",
        "a reason", "原因", "Steps", "步数", "3/4",
    ):  # fmt: skip
        assert said in text, said
    spans = re.findall(r'<span lang="(en|zh-Hans)">', text)
    assert spans.count("en") == spans.count("zh-Hans")
    assert text.count("<svg") == 2
    assert {mark for mark in ("good", "bad", "warn", "none") if f'class="mark {mark}"' in text} == {
        "good",
        "bad",
        "warn",
        "none",
    }
    cells = re.findall(r"<td[^>]*>(.*?)</td>", text)
    assert cells == [
        "0",
        '<span lang="en">no</span><span lang="zh-Hans">否</span>',
        "–",
        '<span lang="en">yes</span><span lang="zh-Hans">是</span>',
    ]


def test_what_a_report_is_given_is_escaped(tmp_path: Path) -> None:
    text = report(tmp_path, [example()])
    assert "Halving &lt;it&gt;" in text
    assert "<it>" not in text
    assert "A line &lt;b&gt;down&lt;/b&gt;." in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_opens_in_the_language_asked_for(tmp_path: Path, language: Any) -> None:
    text = report(tmp_path, [example()], language=language)
    assert re.search(rf'id="show-{language}" checked', text)
    assert text.count(" checked>") == 1
    assert f'<html lang="{ {"en": "en", "zh": "zh-Hans"}[language] }">' in text


def test_the_overview_has_a_row_for_each_place_and_a_column_for_each_cell(tmp_path: Path) -> None:
    text = report(tmp_path, [example("one", laws="good"), example("two", race="bad")], lede=Text("A walk", "漫步"))
    head, body = re.search(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", text, re.DOTALL).groups()  # type: ignore[union-attr]
    assert head.count("<th ") == 3
    assert body.count("<tr>") == 2
    assert body.count("<td>") == 4
    assert "漫步" in text


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    unfinished = halving.blank()
    assert "interrupted" in report(tmp_path, [section("halving", TITLE, halving, unfinished)])
    assert "interrupted" not in report(tmp_path, [example()])


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("in the way", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"report\.html cannot be written .*; choose another folder"):
        report(tmp_path, [example()])


# -- mlatlas run ---------------------------------------------------------------------------------------------------

Invoke = Callable[..., Any]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Call the verb as the command line does, on a room that exists only here."""
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLATLAS_LANG", "en")
    monkeypatch.chdir(tmp_path)
    room = SimpleNamespace(concept=SimpleNamespace(id="halving", title=TITLE), digest="the digest")
    monkeypatch.setattr("mlatlas.atlas.map.open_atlas", lambda: SimpleNamespace(room=lambda id: room))
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(verb.command)

    def call(*arguments: str, of: Lab = halving) -> Any:
        monkeypatch.setattr("mlatlas.atlas.lab.open_lab", lambda room: of)
        return CliRunner().invoke(application, ["halving", *arguments])

    return call


def test_run_prints_saves_and_writes(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("--set", "steps=4", "--seed", "7", "--out", "here")
    assert done.exit_code == 0, done.output
    for said in ("last value", "1", "metres", "Half each time", "After 4 steps 1 is left.", "print(8.0 / 2 ** 3)"):
        assert said in done.stdout
    assert "50% Halving <it> · halving" in done.stderr
    assert sorted(file.name for file in (tmp_path / "here").iterdir()) == ["halves.svg", "report.html"]
    record = Store().latest("run", "halving")
    assert record is not None
    assert record.digest == "the digest"
    result = RunResult.from_json(record.payload)
    assert result.complete
    assert (result.seed, result.knobs) == (7, {"steps": 4, "start": 8.0})
    assert len(Store().history("run", "halving")) == 1


def test_run_speaks_chinese(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("--lang", "zh", "--out", "here")
    assert "5 步之后剩下 0.5。" in done.stdout
    assert "正在减半" in done.stderr
    assert "数值（米）" in (tmp_path / "here" / "halves.svg").read_text(encoding="utf-8")


def test_each_run_gets_a_folder_of_its_own(invoke: Invoke, tmp_path: Path) -> None:
    for _ in range(3):
        assert invoke().exit_code == 0
    assert len(list((tmp_path / "reports").iterdir())) == 3
    assert len(list((tmp_path / "reports").glob("halving-*/report.html"))) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "stops=4"], "There is no knob 'stops'; did you mean steps?"),
        (
            ["--set", "steps=99"],
            "Knob 'steps' must be a whole number from 2 to 50; got 99. The nearest that is allowed is 50",
        ),
        (["--set", "steps=99", "--lang", "zh"], "旋钮 'steps' 必须是 2 到 50 的整数；收到 99。"),
        (["--seed", "-1"], "The seed must be a whole number from 0 on; got -1"),
    ],
)
def test_a_bad_knob_is_an_error_and_leaves_nothing(
    invoke: Invoke, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = invoke(*arguments)
    assert type(done.exception) is AtlasError
    assert said in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_run_shows_its_knobs_and_runs_nothing(invoke: Invoke, tmp_path: Path) -> None:
    for option in ("--knobs", "--list"):
        done = invoke(option)
        assert "steps" in done.stdout
        assert "a whole number from 2 to 50" in done.stdout
        assert "a number from 1 to 9" in done.stdout
    assert "步数" in invoke("--knobs", "--lang", "zh").stdout
    assert "no knobs but its seed" in invoke("--knobs", of=stopping).stdout
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_what_was_done(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("--out", "here", of=stopping)
    assert done.exit_code == 130
    assert "Interrupted; what was done is kept." in done.stderr
    assert sorted(file.name for file in (tmp_path / "here").iterdir()) == ["halves.svg", "report.html"]
    assert "This run was interrupted" in (tmp_path / "here" / "report.html").read_text(encoding="utf-8")
    record = Store().latest("run", "halving")
    assert record is not None
    result = RunResult.from_json(record.payload)
    assert not result.complete
    assert [metric.name for metric in result.metrics] == ["last"]


def test_an_interruption_before_anything_leaves_nothing(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("--seed", "1", of=stopping).exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_still_leaves_the_report(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MLATLAS_HOME", str(tmp_path / "file" / "home"))
    done = invoke("--out", "here")
    assert isinstance(done.exception, AtlasError)
    assert (tmp_path / "here" / "report.html").is_file()

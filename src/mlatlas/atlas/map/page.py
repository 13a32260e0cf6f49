"""Reads a page: front matter, prose in two languages, equations, checks, answered questions, judged claims.

The reader goes through the lines once and keeps the line number of every block, so that whatever is wrong
is reported as ``room/page.md:12: what, and what to do``. Prose stays Markdown; whoever shows it renders it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import yaml

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import LANGUAGES, Language, Text

Level = Literal["numeric", "symbolic"]
Verdict = Literal["true", "half-true", "false"]

SECTIONS: dict[str, Text] = {
    name: Text(name, zh)
    for name, zh in {
        "Idea": "思路",
        "Definition": "定义",
        "Derivation": "推导",
        "Algorithm": "算法",
        "Properties": "性质",
        "Relations": "联系",
        "Example": "例子",
        "Questions": "问题",
        "Claims": "论断",
        "In practice": "实践",
        "Pitfalls": "陷阱",
        "History": "历史",
    }.items()
}
GAP = "…"  # stands where `mlatlas new` leaves something to be written


@dataclass(frozen=True)
class Section:
    """A heading of the second level; its name is a key of SECTIONS."""

    line: int
    name: str


@dataclass(frozen=True)
class Prose:
    """Markdown in one language, or in neither (formulas in a table, a listing)."""

    line: int
    lang: Language | None
    markdown: str


@dataclass(frozen=True)
class Equation:
    """A displayed equation; with a label it can be checked, drilled and named by a line of code."""

    line: int
    latex: str
    label: str | None


@dataclass(frozen=True)
class Check:
    """Python that computes ``truth``, ``answer`` and perhaps ``code`` for the equation with its label."""

    line: int  # of the fence; the source begins on the next one
    label: str
    level: Level
    source: str
    latex: str
    has_code: bool
    tolerance: float | None

    def validate(self, page: str) -> None:
        """AtlasError, with the page's name, unless the source is Python that sets what it must."""

        def fail(line: int, message: str) -> NoReturn:
            raise AtlasError(f"{page}:{line}: {message}")

        try:
            tree = ast.parse(self.source)
        except SyntaxError as error:
            fail(self.line + (error.lineno or 1), f"the check is not Python: {error.msg}.")
        except (ValueError, RecursionError, MemoryError):
            fail(self.line, "the check is not Python: it holds a null character or nests too deeply.")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        if missing := [name for name in ("truth", "answer") if name not in names]:
            fail(
                self.line,
                f"the check of ({self.label}) does not set {missing[0]}; it sets truth, answer and perhaps code.",
            )
        if self.has_code != ("code" in names):
            fail(
                self.line, f"the check of ({self.label}) sets code elsewhere than at the start of a line; put it there."
            )


@dataclass(frozen=True)
class QuestionBlock:
    """The answer to a question of the notes."""

    line: int
    id: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ClaimBlock:
    """The verdict on a claim of the notes, and why."""

    line: int
    id: str
    verdict: Verdict
    blocks: tuple[Block, ...]


Block: TypeAlias = Section | Prose | Equation | Check | QuestionBlock | ClaimBlock


@dataclass(frozen=True)
class Page:
    """What one page.md says; ``name`` is how errors call it, such as ``ridge/page.md``."""

    name: str
    title: Text
    needs: dict[str, Text]  # id -> why it is needed
    sources: tuple[str, ...]
    aliases: tuple[str, ...]
    blocks: tuple[Block, ...]

    def walk(self) -> Iterator[Block]:
        """All blocks from top to bottom, those inside a question or claim after the block that holds them."""
        for block in self.blocks:
            yield block
            if isinstance(block, QuestionBlock | ClaimBlock):
                yield from block.blocks

    def validate(self) -> None:
        """Read the Python of every check; AtlasError with the line when it breaks the form."""
        for check in self.checks:
            check.validate(self.name)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks, from top to bottom."""
        return tuple(block for block in self.walk() if isinstance(block, Check))

    @property
    def answered(self) -> dict[str, QuestionBlock | ClaimBlock]:
        """The questions and claims that the page settles, by id."""
        return {block.id: block for block in self.blocks if isinstance(block, QuestionBlock | ClaimBlock)}

    @property
    def unwritten(self) -> bool:
        """Whether the mark that `mlatlas new` leaves still stands for a text."""
        prose = (block.markdown.strip() for block in self.walk() if isinstance(block, Prose))
        return GAP in (*self.sources, *(reason.en for reason in self.needs.values()), *prose)


def read_page(path: Path) -> Page:
    """The page in a file; AtlasError with the line when it breaks the form. The Python of its checks is not read yet."""
    name = f"{path.parent.name}/{path.name}"
    try:
        return _Reader(path.read_bytes().decode("utf-8"), name).page()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise AtlasError(f"{name}:{line}: the text is not UTF-8; save the page as UTF-8.") from None


def parse_page(text: str, name: str) -> Page:
    """The page in a text, validated; ``name`` stands before the line number in errors."""
    page = _Reader(text, name).page()
    page.validate()
    return page


_LABEL = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_COLONS = re.compile(r"(:{3,})\s*(.*)")
_DIRECTIVE = re.compile(r"\{([\w-]*)\}\s*(.*)")
_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)$")
_EQUATION_END = re.compile(r"(.*?)\$\$(?:\s*\((.*)\))?$")
_HEADING = re.compile(r"(#{1,2})(?:\s+(.*))?$")
_WORDLESS = re.compile(r"(`+).*?\1|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)  # code, mathematics, targets of links
_SETS_CODE = re.compile(r"^(?:\w+ *= *)*code *=[^=]", re.MULTILINE)
_TOLERANCE = re.compile(r"tolerance=(\d*\.?\d+(?:[eE][+-]?\d+)?)", re.ASCII)


class _Reader:
    """One pass over the lines; ``at`` is the index of the next one, and lines count from 1 in errors."""

    def __init__(self, text: str, name: str) -> None:
        self.lines = [line.rstrip() for line in text.split("\n")]
        self.name = name
        self.at = 0
        self.equations: dict[str, str] = {}  # label -> LaTeX
        self.seen: dict[str, int] = {}  # label of a check, id of a question or claim -> line

    def fail(self, line: int, message: str) -> NoReturn:
        raise AtlasError(f"{self.name}:{line}: {message}")

    def page(self) -> Page:
        front = self.front_matter()
        if missing := [key for key in ("title", "title_zh", "needs", "sources") if key not in front]:
            self.fail(1, f"the front matter has no {missing[0]}; add it.")
        return Page(
            name=self.name,
            title=Text(self.string(front["title"], "title"), self.string(front["title_zh"], "title_zh")),
            needs={id: self.reason(id, node) for id, node in self.mapping(front["needs"], "needs").items()},
            sources=self.strings(front["sources"], "sources"),
            aliases=self.strings(front["aliases"], "aliases") if "aliases" in front else (),
            blocks=self.blocks(),
        )

    # front matter

    def front_matter(self) -> dict[str, yaml.Node]:
        if self.lines[0] != "---":
            self.fail(1, "a page begins with a line --- and its front matter (title, title_zh, needs, sources).")
        end = next((i for i, line in enumerate(self.lines) if i and line == "---"), None)
        if end is None:
            self.fail(1, "the front matter is not closed; end it with a line ---.")
        self.at = end + 1
        try:
            node = yaml.compose("\n".join(self.lines[1:end]), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "a character or a depth that it does not allow"
            self.fail(mark.line + 2 if mark else 1, f"the front matter is not YAML: {problem}.")
        return self.mapping(node, "the front matter", ("title", "title_zh", "needs", "sources", "aliases"))

    def line_of(self, node: yaml.Node | None) -> int:
        return node.start_mark.line + 2 if node else 1

    def mapping(self, node: yaml.Node | None, what: str, known: tuple[str, ...] | None = None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(self.line_of(node), f"{what} is written as keys with values (needs: {{}} where there are none).")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in found:
                self.fail(self.line_of(key), f"the keys of {what} are plain words, each once.")
            if known and key.value not in known:
                self.fail(self.line_of(key), f"unknown key {key.value!r} in {what}; known are {', '.join(known)}.")
            found[key.value] = value
        return found

    def string(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.fail(self.line_of(node), f"{what} is a text that is not empty (in quotes when it holds ': ').")
        return str(node.value).strip()

    def strings(self, node: yaml.Node, what: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fail(
                self.line_of(node), f"{what} is a list with at least one text; each on a line of its own after - ."
            )
        return tuple(self.string(item, f"each of the {what}") for item in node.value)

    def reason(self, id: str, node: yaml.Node) -> Text:
        both = self.mapping(node, f"the reason for {id}", LANGUAGES)
        if missing := [lang for lang in LANGUAGES if lang not in both]:
            self.fail(self.line_of(node), f"the reason for {id} has no {missing[0]}; write {{en: ..., zh: ...}}.")
        return Text(self.string(both["en"], f"the reason for {id}"), self.string(both["zh"], f"the reason for {id}"))

    # blocks

    def blocks(self, colons: int | None = None, opened: int = 0) -> tuple[Block, ...]:
        """The blocks up to the end, or up to the colons that close the directive opened on line ``opened``."""
        found: list[Block] = []
        while self.at < len(self.lines):
            line, number = self.lines[self.at], self.at + 1
            self.at += 1
            if match := _COLONS.match(line):
                if not match[2] and len(match[1]) == colons:
                    return self.paired(found)
                found.append(self.directive(number, len(match[1]), match[2], colons))
            elif match := _FENCE.match(line):
                found.append(self.fence(number, match[1], match[2].strip()))
            elif line.startswith("$$"):
                found.append(self.equation(number, line[2:]))
            elif match := _HEADING.match(line):
                if match[1] == "#" or colons or match[2] not in SECTIONS:
                    known = ", ".join(SECTIONS)
                    self.fail(number, f"a heading of the page is ## and one of {known}; in a language block use ###.")
                found.append(Section(number, match[2]))
            elif line:
                found.append(self.wordless(number))
        if colons:
            self.fail(opened, f"this directive is not closed; end it with a line of {colons} colons.")
        return self.paired(found)

    def paired(self, blocks: list[Block]) -> tuple[Block, ...]:
        """The blocks, when every English one is followed at once by its Chinese one."""
        before: Prose | None = None
        for block in (*blocks, None):
            prose = block if isinstance(block, Prose) else None
            if before and before.lang == "en" and not (prose and prose.lang == "zh"):
                self.fail(before.line, "this {en} block has no translation; put its {zh} block right after it.")
            if prose and prose.lang == "zh" and not (before and before.lang == "en"):
                self.fail(prose.line, "this {zh} block has no {en} block right before it; they come in pairs.")
            before = prose
        return tuple(blocks)

    def directive(self, number: int, colons: int, rest: str, outer: int | None) -> Block:
        if not rest:
            wanted = f"the open directive ends with {outer} colons" if outer else "no directive is open"
            self.fail(number, f"{colons} colons close nothing here: {wanted}.")
        if outer and colons >= outer:
            self.fail(number, f"the directive around this one has {outer} colons; an outer one needs more than this.")
        match (m[1], *m[2].split()) if (m := _DIRECTIVE.fullmatch(rest)) else ():
            case ("en" | "zh" as lang,):
                return self.language(number, colons, lang)
            case ("question", id) if not outer:
                return QuestionBlock(number, self.once(number, id), self.answer(number, colons))
            case ("claim", id, "true" | "half-true" | "false" as verdict) if not outer:
                return ClaimBlock(number, self.once(number, id), verdict, self.answer(number, colons))
        known = "{en} and {zh}, and on the page itself {question} ID and {claim} ID true|half-true|false"
        self.fail(number, f"unknown directive {rest[:40]!r} here; known are {known}.")

    def once(self, number: int, name: str) -> str:
        if name in self.seen:
            self.fail(number, f"{name} stands on line {self.seen[name]} already; keep one of them.")
        self.seen[name] = number
        return name

    def answer(self, number: int, colons: int) -> tuple[Block, ...]:
        blocks = self.blocks(colons, number)
        if not any(isinstance(block, Prose) and block.lang for block in blocks):
            self.fail(number, "this answer has no text; add a pair of {en} and {zh} blocks.")
        if not any(isinstance(block, Check) for block in blocks):
            self.fail(
                number, "a question or claim is settled by computing; add an equation (label) and its {check} label."
            )
        return blocks

    def language(self, number: int, colons: int, lang: Language) -> Prose:
        begin = self.at
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line == ":" * colons:
                text = "\n".join(self.lines[begin : self.at - 1]).strip("\n")
                if not text.strip():
                    self.fail(number, f"this {{{lang}}} block is empty; write it, or remove it and its pair.")
                return Prose(number, lang, text)
            if _COLONS.match(line):
                self.fail(self.at, f"a language block holds only prose; close the one of line {number} before this.")
            if line.startswith("$$") or _FENCE.match(line):
                self.fail(self.at, "equations, checks and code stand once, outside of both language blocks.")
            if _HEADING.match(line):
                self.fail(self.at, "headings inside a language block begin with ###; ## belongs to the page.")
        self.fail(number, f"this {{{lang}}} block is not closed; end it with a line of {colons} colons.")

    def wordless(self, number: int) -> Prose:
        """Prose outside of the language blocks: allowed where there is nothing to translate."""
        while self.at < len(self.lines) and not self.begins_block(self.lines[self.at]):
            self.at += 1
        text = "\n".join(self.lines[number - 1 : self.at]).rstrip()
        if word := re.search(r"[^\W\d_]+", _WORDLESS.sub(" ", text)):
            self.fail(
                number, f"{word[0][:30]!r} is in no language; put the text into a pair of {{en}} and {{zh}} blocks."
            )
        return Prose(number, None, text)

    @staticmethod
    def begins_block(line: str) -> bool:
        return line.startswith(("$$", ":::")) or bool(_FENCE.match(line) or _HEADING.match(line))

    def equation(self, number: int, text: str) -> Equation:
        found = []
        while not (match := _EQUATION_END.match(text)):
            found.append(text)
            if self.at == len(self.lines) or not (text := self.lines[self.at]):
                self.fail(number, "this equation is not closed; it ends, before a blank line, with $$ or $$ (label).")
            self.at += 1
        latex, label = "\n".join((*found, match[1])).strip(), match[2]
        if not latex or "$$" in latex:
            self.fail(number, "an equation is $$ LaTeX $$ or $$ LaTeX $$ (label), alone on its lines.")
        if label is not None:
            if not _LABEL.fullmatch(label):
                self.fail(number, f"a label is letters, digits, - and _, a letter first; not {label[:40]!r}.")
            if label in self.equations:
                self.fail(number, f"an equation above has the label ({label}); labels are unique on a page.")
            self.equations[label] = latex
        return Equation(number, latex, label)

    def fence(self, number: int, marks: str, info: str) -> Check | Prose:
        begin = self.at
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.startswith(marks) and not line.strip(marks[0]):
                break
        else:
            self.fail(number, f"this code is not closed; end it with a line {marks}.")
        if not info.startswith("{"):
            return Prose(number, None, "\n".join(self.lines[begin - 1 : self.at]))
        if not (match := _DIRECTIVE.fullmatch(info)) or match[1] != "check" or not match[2]:
            self.fail(number, f"unknown directive {info[:40]!r}; a fence of ours is ```{{check}} label.")
        label, *options = match[2].split()
        return self.check(number, label, options, "\n".join(self.lines[begin : self.at - 1]))

    def check(self, number: int, label: str, options: list[str], source: str) -> Check:
        if label not in self.equations:
            self.fail(
                number, f"no equation above has the label ({label[:40]}); write $$ ... $$ (label) before its check."
            )
        level: Level = "numeric"
        tolerance = None
        for option in options:
            if match := _TOLERANCE.fullmatch(option):
                tolerance = float(match[1])
            elif option == "symbolic":
                level = "symbolic"
            elif option != "numeric":
                self.fail(number, f"unknown option {option[:40]!r}; a check knows numeric, symbolic, tolerance=1e-6.")
        latex = self.equations[label]
        return Check(number, self.once(number, label), level, source, latex, bool(_SETS_CODE.search(source)), tolerance)

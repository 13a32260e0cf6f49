r"""What a reader types, as LaTeX: ``transpose(X) @ y / n`` becomes ``\frac{X^{\top} y}{n}``.

The text passes the same grammar as what is judged, and nothing but names and numbers of it reaches the LaTeX.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection

from mlatlas.atlas.judge.expression import OTHERWISE, REFUSED
from mlatlas.atlas.judge.functions import FUNCTIONS
from mlatlas.atlas.judge.grammar import parsed, refuse
from mlatlas.atlas.judge.operators import CONSTANTS
from mlatlas.atlas.text import Text


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi"
)
GREEK |= _words("psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega")
WORDS = {"lam": r"\lambda", "eps": r"\varepsilon", "inf": r"\infty", "None": r"\cdot"}
ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde"}
RELATIONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: r"\le",
    ast.Gt: ">",
    ast.GtE: r"\ge",
    ast.Eq: "=",
    ast.NotEq: r"\ne",
}
ELSE = Text("otherwise", "否则")
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how tightly a formula holds together
Formula = tuple[str, int]
SCALAR = _words("sum prod mean median var std max min argmax argmin any all norm det trace rank")  # without an axis
FUNCTION = _words("log sin cos tan arctan sinh cosh tanh max min det")  # LaTeX has a command for it


def formula(text: str, scalars: Collection[str] = (), otherwise: str = ELSE.en) -> str:
    """The expression in LaTeX; ``scalars`` are the names of numbers. ExpressionError for what would be refused."""
    return _Writer({*CONSTANTS, *scalars}, otherwise).write(parsed(text))[0]


def name(word: str) -> str:
    """A name in LaTeX: a Greek letter, a letter with its index, or a word."""
    if word in WORDS:
        return WORDS[word]
    if word in GREEK:
        return rf"\{word}"
    head, _, tail = word.partition("_")
    if head and tail in ACCENTS:
        return f"{ACCENTS[tail]}{{{name(head)}}}"
    if match := re.fullmatch(r"([^\W\d_]+?)_?(\d+)", word):
        return f"{name(match[1])}_{{{match[2]}}}"
    if head and tail and "_" not in tail:
        return f"{name(head)}_{{{name(tail)}}}"
    return word if len(word) == 1 and word.isalnum() else rf"\mathrm{{{_letters(word)}}}"


class _Writer:
    """Writes one expression, node by node."""

    def __init__(self, scalars: set[str], otherwise: str) -> None:
        self.scalars, self.otherwise = scalars, otherwise

    def write(self, node: ast.expr) -> Formula:
        match node:
            case ast.Constant(value=value):
                return _number(value), ATOM
            case ast.Name(id=word):
                return name(word), ATOM
            case ast.UnaryOp(op=op, operand=operand):
                return f"{'-' if isinstance(op, ast.USub) else '+'}{self.at_least(PRODUCT, operand)}", SIGN
            case ast.BinOp():
                return self.operation(node)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return rf"\left[{self.relation(left, op, right)}\right]", ATOM
            case ast.Tuple(elts=entries) | ast.List(elts=entries):
                return rf"\left({self.listed(entries)}\right)", ATOM
            case ast.Subscript(value=base, slice=index):
                parts = index.elts if isinstance(index, ast.Tuple) else [index]
                return f"{{{self.at_least(ATOM, base)}}}_{{{', '.join(map(self.index, parts))}}}", ATOM
            case ast.Call(func=ast.Name(id=word), args=args):
                return self.call(word, args, node.keywords)
        refuse(*REFUSED.get(type(node.func if isinstance(node, ast.Call) else node), OTHERWISE))

    def plain(self, node: ast.expr) -> str:
        """A part that needs no brackets where it stands."""
        return self.write(node)[0]

    def at_least(self, strength: int, node: ast.expr) -> str:
        """A part, in brackets if it holds together less tightly than that."""
        latex, own = self.write(node)
        return latex if own >= strength else rf"\left({latex}\right)"

    def listed(self, nodes: list[ast.expr]) -> str:
        return ", ".join(map(self.plain, nodes))

    def operation(self, node: ast.BinOp) -> Formula:
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self.at_least(SUM, left)} + {self.at_least(PRODUCT, right)}", SUM
            case ast.Sub():
                return f"{self.at_least(SUM, left)} - {self.at_least(PRODUCT, right)}", SUM
            case ast.Div():
                return rf"\frac{{{self.plain(left)}}}{{{self.plain(right)}}}", POWER
            case ast.Pow():
                base = self.at_least(ATOM, left)
                return f"{{{base}}}^{{{self.plain(right)}}}", POWER
            case ast.MatMult():
                return rf"{self.at_least(PRODUCT, left)}\,{self.at_least(POWER, right)}", PRODUCT
        one, other = self.at_least(PRODUCT, left), self.at_least(POWER, right)
        if isinstance(right, ast.Constant):
            return rf"{one} \cdot {other}", PRODUCT
        sign = r"\," if self.scalar(left) or self.scalar(right) else r"\odot"
        return f"{one} {sign} {other}", PRODUCT

    def relation(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        return f"{self.plain(left)} {RELATIONS.get(type(op), '?')} {self.plain(right)}"

    def condition(self, node: ast.expr) -> str:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.relation(left, op, right)
        return self.plain(node)

    def index(self, node: ast.expr) -> str:
        if isinstance(node, ast.Slice):
            ends = ["" if end is None else self.plain(end) for end in (node.lower, node.upper)]
            return ":".join(ends + ([self.plain(node.step)] if node.step else []))
        return self.condition(node)

    def call(self, word: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Formula:
        notation = NOTATION.get((word, len(args)))
        if notation is not None and not keywords:
            return notation(self, *args)
        extra = [f"\\mathrm{{{_letters(one.arg or '')}}} = {self.plain(one.value)}" for one in keywords]
        inside = ", ".join([*map(self.plain, args), *extra])
        operator = rf"\operatorname{{{_letters(word)}}}" if word in FUNCTIONS else name(word)
        return rf"{operator}\left({inside}\right)", ATOM

    def scalar(self, node: ast.expr) -> bool:
        """Whether a part is surely a number, so that a product with it needs no sign."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=word):
                return word in self.scalars
            case ast.UnaryOp(operand=operand):
                return self.scalar(operand)
            case ast.BinOp(op=op, left=left, right=right) if not isinstance(op, ast.MatMult):
                return self.scalar(left) and self.scalar(right)
            case ast.Call(func=ast.Name(id=word), args=args, keywords=[]):
                if word in SCALAR:
                    return len(args) == 1 or word == "norm"
                return bool(args) and all(map(self.scalar, args))
        return False


Notation = Callable[..., Formula]


def _function(command: str) -> Notation:
    return lambda writer, argument: (rf"{command}\left({writer.plain(argument)}\right)", ATOM)


def _around(left: str, right: str) -> Notation:
    return lambda writer, argument: (rf"\left{left} {writer.plain(argument)} \right{right}", ATOM)


def _raised(exponent: str) -> Notation:
    return lambda writer, argument: (f"{{{writer.at_least(ATOM, argument)}}}^{{{exponent}}}", POWER)


def _over(operator: str) -> Notation:
    """A sum or product over all entries."""
    return lambda writer, argument: (f"{operator} {writer.at_least(PRODUCT, argument)}", PRODUCT)


def _pair(command: str) -> Notation:
    return lambda writer, a, b: (rf"{command}\left({writer.plain(a)}, {writer.plain(b)}\right)", ATOM)


def _cases(writer: _Writer, condition: ast.expr, yes: ast.expr, no: ast.expr) -> Formula:
    rows = rf"{writer.plain(yes)} & {writer.condition(condition)} \\ {writer.plain(no)} & \text{{{writer.otherwise}}}"
    return rf"\begin{{cases}} {rows} \end{{cases}}", SUM


def _exponential(writer: _Writer, argument: ast.expr) -> Formula:
    return f"e^{{{writer.plain(argument)}}}", POWER


def _solved(writer: _Writer, matrix: ast.expr, vector: ast.expr) -> Formula:
    return rf"{{{writer.at_least(ATOM, matrix)}}}^{{-1}}\,{writer.at_least(POWER, vector)}", PRODUCT


def _outer(writer: _Writer, a: ast.expr, b: ast.expr) -> Formula:
    return rf"{writer.at_least(POWER, a)}\,{{{writer.at_least(ATOM, b)}}}^{{\top}}", PRODUCT


def _dot(writer: _Writer, a: ast.expr, b: ast.expr) -> Formula:
    return rf"\left\langle {writer.plain(a)}, {writer.plain(b)} \right\rangle", ATOM


def _identity(writer: _Writer, size: ast.expr) -> Formula:
    return f"I_{{{writer.plain(size)}}}", ATOM


def _p_norm(writer: _Writer, vector: ast.expr, p: ast.expr) -> Formula:
    return rf"{{\left\| {writer.plain(vector)} \right\|}}_{{{writer.plain(p)}}}", ATOM


NOTATION: dict[tuple[str, int], Notation] = {
    **{(word, 1): _function(rf"\{word}") for word in FUNCTION},
    ("log2", 1): _function(r"\log_2"),
    ("trace", 1): _function(r"\operatorname{tr}"),
    ("sign", 1): _function(r"\operatorname{sign}"),
    ("diag", 1): _function(r"\operatorname{diag}"),
    ("exp", 1): _exponential,
    ("sqrt", 1): lambda writer, argument: (rf"\sqrt{{{writer.plain(argument)}}}", ATOM),
    ("square", 1): _raised("2"),
    ("transpose", 1): _raised(r"\top"),
    ("inv", 1): _raised("-1"),
    ("pinv", 1): _raised("+"),
    ("abs", 1): _around("|", "|"),
    ("norm", 1): _around(r"\|", r"\|"),
    ("floor", 1): _around(r"\lfloor", r"\rfloor"),
    ("ceil", 1): _around(r"\lceil", r"\rceil"),
    ("sum", 1): _over(r"\sum"),
    ("prod", 1): _over(r"\prod"),
    ("maximum", 2): _pair(r"\max"),
    ("minimum", 2): _pair(r"\min"),
    ("solve", 2): _solved,
    ("outer", 2): _outer,
    ("dot", 2): _dot,
    ("eye", 1): _identity,
    ("norm", 2): _p_norm,
    ("where", 3): _cases,
}


def _number(value: object) -> str:
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if mark and exponent else name(text) if value is None else text


def _letters(word: str) -> str:
    return "".join(letter if letter.isalnum() else r"\_" for letter in word)

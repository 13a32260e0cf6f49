"""Evaluate what a reader types: a small language of arrays, walked node by node, with sizes known before work is done.

Nothing is ever handed to Python's own evaluator. Numbers are floating point, so no power grows without bound; length,
nesting, array sizes and total work are limited, so that any text yields a value or an ExpressionError within a tenth of
a second.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from mlatlas.atlas.judge.functions import ALONG, ARGUMENTS, FUNCTIONS, JOINING, call, cost, floats, integers, joint
from mlatlas.atlas.judge.grammar import ExpressionError, parsed, refuse
from mlatlas.atlas.judge.operators import CONSTANTS, DEFINING

Array = np.ndarray[Any, np.dtype[Any]]
ELEMENTS = 1_000_000  # of any array on the way
WORK = 2_000_000  # element operations in all
POWER = 10_000.0  # the largest exponent

REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Attribute: (
        "attributes are refused; write transpose(X), sum(x), ...",
        "不接受属性；请写 transpose(X)、sum(x) 等",
    ),
    ast.Starred: ("starred arguments are refused; write them out", "不接受带星号的参数；请逐个写出"),
    ast.NamedExpr: ("nothing can be assigned here; write the value alone", "这里不能赋值；只写出值"),
    ast.Slice: ("a slice stands inside an index, as in x[1:3]", "切片只能写在下标里，例如 x[1:3]"),
    ast.Compare: ("one comparison at a time; multiply two of them instead", "一次只能写一个比较；多个比较请相乘"),
}
OTHERWISE = (
    "this form is refused; write numbers, names, operators and functions",
    "不接受这种写法；请用数、名字、运算符和函数",
)
ENTRYWISE: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression: a float or an array. ``names`` are the numbers and arrays that it may use.

    It may hold numbers, names, + - * / ** @, one comparison at a time, tuples and lists as arrays, indices and slices,
    and calls of FUNCTIONS. Division by zero yields inf or nan silently.
    """
    tree = parsed(text)
    offered = {unicodedata.normalize("NFKC", name): value for name, value in {**CONSTANTS, **names}.items()}
    try:
        with np.errstate(all="ignore"):
            value = _Walk(offered).value(tree)
    except ExpressionError:
        raise
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
        refuse(f"it cannot be computed: {str(error)[:200]}", f"无法计算：{str(error)[:200]}")
    return value if value.ndim else value.item()


class _Walk:
    """One evaluation; ``work`` counts what has been spent on it."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names, self.work = names, 0.0

    def value(self, node: ast.expr) -> Array:
        """The value of a node: an array of floats, or of booleans where it comes from a comparison."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return np.asarray(float(number))
            case ast.Name(id=name):
                return self.named(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.entrywise(ast.Mult, np.asarray(-1.0), self.value(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return floats(self.value(operand))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.product(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ENTRYWISE:
                return self.entrywise(type(op), self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[compare], comparators=[right]) if type(compare) in ENTRYWISE:
                return self.entrywise(type(compare), self.value(left), self.value(right))
            case ast.Tuple(elts=entries) | ast.List(elts=entries):
                return self.stacked([floats(self.value(entry)) for entry in entries])
            case ast.Subscript(value=base, slice=index):
                return self.indexed(self.value(base), index.elts if isinstance(index, ast.Tuple) else [index])
            case ast.Call(func=ast.Name(id=name)):
                return self.called(name, node)
        refuse(*REFUSED.get(type(node.func if isinstance(node, ast.Call) else node), OTHERWISE))

    def spend(self, elements: float, work: float = 1.0) -> None:
        """Account for an array before it is computed."""
        if elements > ELEMENTS:
            refuse(f"an array of {elements:.0f} elements is too large", f"数组有 {elements:.0f} 个元素，太大了")
        if elements < 1:
            refuse("an array on the way is empty", "计算中出现了空数组")
        self.work += elements * work
        if self.work > WORK:
            refuse("it takes too much work; shorten it", "计算量太大；请化简")

    def named(self, name: str) -> Array:
        """The value behind a name."""
        if name in self.names:
            value = np.asarray(self.names[name])
            if value.dtype.kind not in "biuf" or not value.size:
                refuse(f"{name} is no array of numbers", f"{name} 不是数值数组")
            return value.astype(float)
        if name in FUNCTIONS:
            refuse(f"{name} is a function; write {name}(...)", f"{name} 是函数；请写 {name}(…)")
        _unknown(name, self.names)

    def entrywise(self, op: type[ast.AST], a: Array, b: Array) -> Array:
        """An operation entry by entry."""
        if op is ast.Pow and np.max(np.abs(floats(b))) > POWER:
            refuse(f"an exponent above {POWER:.0f} is refused", f"不接受大于 {POWER:.0f} 的指数")
        self.spend(joint(a, b), 10.0 if op is ast.Pow else 1.0)
        return np.asarray(ENTRYWISE[op](floats(a), floats(b)))

    def product(self, a: Array, b: Array) -> Array:
        """The product of vectors and matrices."""
        if not (a.ndim in (1, 2) and b.ndim in (1, 2)):
            refuse("@ multiplies vectors and matrices; write * for numbers", "@ 用于向量与矩阵相乘；数相乘请写 *")
        self.spend((a.size // a.shape[-1]) * (b.size // b.shape[0]), 1.0 + a.shape[-1] / 20)
        return np.asarray(floats(a) @ floats(b))

    def stacked(self, values: list[Array]) -> Array:
        """Entries in brackets, as an array with one more axis."""
        if len({value.shape for value in values}) != 1:
            refuse("entries in brackets must have one shape, and there must be some", "括号中须有内容，且各项形状相同")
        self.spend(len(values) * values[0].size)
        return np.stack(values)

    def indexed(self, base: Array, parts: list[ast.expr]) -> Array:
        """Entries and slices of an array."""
        index = [self.index(part) for part in parts]
        arrays = [part for part in index if isinstance(part, np.ndarray)]
        if any(part.dtype == bool and (len(index) > 1 or part.shape != base.shape) for part in arrays):
            refuse(
                "a condition as an index stands alone and has the shape of the array",
                "条件作下标时须单独使用，且与数组同形",
            )
        rest, axes = base.size, (part for part in index if part is not None)
        for axis, part in zip(range(base.ndim), axes, strict=False):
            rest //= 1 if isinstance(part, slice) else base.shape[axis]
        chosen = math.prod(np.broadcast_shapes(*(part.shape for part in arrays)))
        self.spend(base.size if arrays and arrays[0].dtype == bool else chosen * rest)
        result = np.asarray(base[tuple(index)])
        self.spend(result.size)
        return result

    def index(self, node: ast.expr) -> Any:
        """One part of an index: an integer, an array of them, a condition, a slice, or None for a new axis."""
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if isinstance(node, ast.Slice):
            bounds = (node.lower, node.upper, node.step)
            return slice(*(None if bound is None else integers(self.value(bound)).item() for bound in bounds))
        value = self.value(node)
        return value if value.dtype == bool else integers(value)

    def called(self, name: str, node: ast.Call) -> Array:
        """A call of one of FUNCTIONS."""
        if name not in FUNCTIONS:
            if name in self.names:
                refuse(
                    f"{name} is a value and cannot be called; write {name} * (...)",
                    f"{name} 是数值，不能调用；乘法请写 *",
                )
            _unknown(name, FUNCTIONS)
        few, many = ARGUMENTS[name]
        if not few <= len(node.args) <= many:
            wanted = str(few) if few == many else f"{few} or {many}"
            hint = f"; for the larger or smaller of two write {name}imum(a, b)" if name in ("max", "min") else ""
            refuse(
                f"{name} takes {wanted} arguments, not {len(node.args)}{hint}", f"{name} 的参数个数应为 {few} 到 {many}"
            )
        options = {str(one.arg): self.option(name, one) for one in node.keywords}
        if name in JOINING:
            return self.joined(name, node.args, options)
        args = [self.value(arg) for arg in node.args]
        self.spend(*cost(name, args))
        return call(name, args, options)

    def option(self, name: str, given: ast.keyword) -> Any:
        """The value of ``axis=`` or ``keepdims=``, the only keywords there are."""
        if given.arg == "axis" and name in ALONG:
            return integers(self.value(given.value)).item()
        if given.arg == "keepdims" and isinstance(given.value, ast.Constant) and given.value.value is True:
            return True
        refuse(
            f"{name} does not take {given.arg or '**'}=; only axis= is offered",
            f"{name} 不接受 {given.arg or '**'}=；只有 axis=",
        )

    def joined(self, name: str, nodes: list[ast.expr], options: dict[str, Any]) -> Array:
        """``stack`` or ``concatenate`` of the arrays in brackets."""
        if not isinstance(nodes[0], ast.Tuple | ast.List) or not nodes[0].elts:
            refuse(f"{name} takes arrays in brackets: {name}((a, b))", f"{name} 的数组须放在括号里：{name}((a, b))")
        parts = [floats(self.value(part)) for part in nodes[0].elts]
        self.spend(sum(part.size for part in parts))
        axis = [integers(self.value(node)).item() for node in nodes[1:]]
        return np.asarray(FUNCTIONS[name](parts, *axis, **options))


def _unknown(name: str, names: Mapping[str, Any]) -> NoReturn:
    if name in DEFINING:
        refuse(
            f"{name} defines what is asked and is not offered; work it out",
            f"{name} 是题目的定义，不能使用；请推导出来",
        )
    if close := difflib.get_close_matches(name, [*names, *FUNCTIONS], n=1):
        refuse(f"there is no {name[:40]}; did you mean {close[0]}?", f"没有 {name[:40]}；是不是 {close[0]}？")
    known = ", ".join(known for known in names if known not in CONSTANTS)
    if names is FUNCTIONS:
        known = "exp, log, sum, mean, transpose, inv, solve, outer, ..."
    refuse(f"there is no {name[:40]}; offered are {known}", f"没有 {name[:40]}；可用的有 {known}")

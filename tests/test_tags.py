"""A line that names an equation stands in a function that the equation's check runs. Numba is off, so that kernels show."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from mlatlas.atlas.judge.subject import Subject, ours
from mlatlas.atlas.judge.traced import functions_run
from mlatlas.atlas.map import Check, open_atlas

ROOT = Path(__file__).parent


def function_around(path, line):
    """(file, first line, name) of the innermost function that holds a line; None outside of any."""
    holders = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and first_line(node) <= line <= node.end_lineno
    ]
    if not holders:
        return None
    inner = max(holders, key=first_line)
    return str(path.resolve()), first_line(inner), inner.name


def first_line(node):
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def unwitnessed(checks, tags, subject):
    """The tagged lines whose function the check of their label does not run, in words."""
    found = []
    for check in checks:
        if not check.has_code:
            continue
        ran = {(str(Path(file).resolve()), line, name) for file, line, name in functions_run(check, subject)}
        for path, line in tags.get(check.label, ()):
            if function_around(path, line) not in ran:
                found.append(
                    f"{path.parent.name}/{path.name}:{line}: the check ({check.label}) does not run this line's function"
                )
    return found


def test_every_tagged_line_is_run_by_its_check():
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import json, test_tags; print(json.dumps(test_tags.all_unwitnessed()))"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []


def all_unwitnessed():
    return [line for room in open_atlas().order() for line in unwitnessed(room.page.checks, room.tags, ours(room))]


MODULE = """
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def half(x):
    return x / 2  # (half)


def kernel(x):
    return 2 * x  # (twice)


def twice(x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(kernel, x).result()


def never(x):
    return x * 3  # (twice)


COUNT = 3  # (twice)
"""


def test_the_witness_itself(tmp_path):
    path = tmp_path / "tagged.py"
    path.write_text(MODULE)
    space = {}
    exec(compile(MODULE, str(path), "exec"), space)
    subject = Subject({name: space[name] for name in ("half", "twice", "never")})
    line = {text: number for number, text in enumerate(MODULE.splitlines(), start=1)}
    kernel, never, outside, half = (
        (path, line[text])
        for text in (
            "    return 2 * x  # (twice)",
            "    return x * 3  # (twice)",
            "COUNT = 3  # (twice)",
            "    return x / 2  # (half)",
        )
    )
    twice = Check(
        1,
        "twice",
        "numeric",
        "x = draw.normal()\ntruth = x + x\nanswer = 2 * x\ncode = subject.twice(x)",
        "",
        True,
        None,
    )
    halved = Check(
        1,
        "half",
        "numeric",
        "x = draw.normal()\ny = subject.half(x)\ntruth = x - x / 2\nanswer = x / 2\ncode = y",
        "",
        True,
        None,
    )
    assert unwitnessed([twice], {"twice": (kernel,)}, subject) == []
    assert unwitnessed([halved], {"half": (half,)}, subject) == []
    assert len(unwitnessed([twice], {"twice": (kernel, never, outside)}, subject)) == 2
    assert function_around(path, half[1])[2] == "half"
    assert function_around(path, outside[1]) is None
    assert np.isfinite(subject.half(1.0))

"""The atlas's laws in another project's test suite: a test for each known answer, law, race and kind of bad input.

from mlatlas.testing import laws
from mine import MyRidge

test_ridge = laws("ridge", Ridge=MyRidge)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlatlas.atlas.judge.grading import Grader, Mark, Step
    from mlatlas.atlas.map import Room

__all__ = ["laws"]


def laws(
    concept: str, /, *, draws: int = 20, failing: Mapping[str, str] | None = None, **exports: Any
) -> Callable[[Any], None]:
    """A parametrised pytest test that judges an implementation by what a place of the atlas demands of its own.

    Each case bears the name of what it judges: ``known-three_points``, ``law-shifts``, ``parity-one_penalty`` (small
    problems, by the race's certificate), ``bad input-Ridge``. A case that asks for something the implementation does not
    offer is skipped and says what; where others of our exports are needed beside it, ours stand in.

    Args:
        concept: the place, such as ``"ridge"``; ``mlatlas map`` lists them.
        draws: problems on which each law is judged.
        failing: names of cases that are known to fail, with the reason; each is expected to fail, strictly.
        **exports: the implementation under our names: ``Ridge=MyRidge``, ``entropy=my_entropy``.

    Raises:
        AtlasError: there is no such place, or it has no such export, or no case of a name in ``failing``.
    """
    import pytest

    from mlatlas.atlas.errors import AtlasError
    from mlatlas.atlas.judge.grading import steps_of
    from mlatlas.atlas.map import open_atlas

    atlas, expected = open_atlas(), dict(failing or {})
    room = atlas.room(concept)
    if not exports or (unknown := [name for name in exports if name not in room.exports]):
        wrong = f"no {' and no '.join(unknown)}" if exports else "nothing to judge yet"
        raise AtlasError(f"laws({concept!r}): there is {wrong}; give some of {', '.join(room.exports)}.")
    steps = steps_of(room, list(exports))
    if strange := expected.keys() - {step.name for step in steps}:
        raise AtlasError(f"failing: {concept} has no {' and no '.join(strange)}; it has {', '.join(_names(steps))}.")
    cases = [
        pytest.param(
            step,
            id=f"{step.kind}-{step.name}",
            marks=[pytest.mark.xfail(reason=expected[step.name], strict=True)] if step.name in expected else [],
        )
        for step in steps
    ]

    @cache
    def grader() -> Grader:
        from mlatlas.atlas.judge.grading import Grader

        return Grader(atlas, room, exports, draws)

    @pytest.mark.parametrize("step", cases)
    def test(step: Step) -> None:
        mark = grader().mark(step)
        if mark.state in ("not offered", "not judged"):
            pytest.skip(f"{mark.state}: {mark.reason}")
        if mark.state == "fails":
            pytest.fail(_said(room, mark), pytrace=False)

    return test


def _names(steps: list[Step]) -> list[str]:
    return list(dict.fromkeys(step.name for step in steps))


def _said(room: Room, mark: Mark) -> str:
    """What fails, how, and on which problem."""
    statements = {header.name: header.text.en for header in room.laws} | {
        name: text.en for name, text in room.races.items()
    }
    lines = [statements.get(mark.step.name, mark.step.name), mark.reason]
    if mark.counterexample:
        lines.append(f"{'ours says' if mark.step.kind == 'bad input' else 'smallest'}: {mark.counterexample}")
    lines.append(f"mlatlas grade {room.concept.id} FILE.py:NAME says whether it is a known bug")
    return "\n".join(line for line in lines if line)

"""Runs of labs for the browser: the queue, processes with limits, and that nothing is lost however one ends."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlatlas.atlas import confine
from mlatlas.atlas.confine import Limits
from mlatlas.atlas.lab import Figure, Line, Metric, Progress
from mlatlas.atlas.lab.runner import Runner
from mlatlas.atlas.lab.runs import Runs
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import Text

LAB = """
import time
from typing import Annotated, Literal

from mlatlas.atlas.lab import Figure, Knob, Learned, Line, Metric, Progress, Script, lab
from mlatlas.atlas.text import Text


@lab(en="A test", zh="试验", data=Text("nothing", "无"))
def experiment(
    how: Annotated[Literal["well", "slow", "greedy", "raises", "exits", "spawns"], Knob(en="How", zh="方式")] = "well",
    *,
    seed: int = 0,
):
    yield Progress(0.1, en="begun", zh="开始")
    yield Metric("seed", seed, en="seed", zh="种子")
    for k in (2, 3):
        yield Figure("f", Text("f", "图"), Text("x", "横"), Text("y", "纵"), Text("c", "注"), [Line(range(k), range(k))])
    if how == "slow":
        time.sleep(60)
    if how == "greedy":
        held = [bytearray(2**28) for _ in range(64)]
    if how == "raises":
        raise ValueError("on <purpose>")
    if how == "exits":
        import os
        os._exit(3)
    if how == "spawns":
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        yield Metric("child", child.pid, en="child", zh="子进程")
        time.sleep(60)
    yield Learned(en="It took 1 step.", zh="走了 1 步。")
    yield Script("print(1)")
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store, and a lab called ``trial`` that a process can import."""
    (tmp_path / "trial.py").write_text(LAB, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Store(tmp_path / "atlas.sqlite")


@pytest.fixture
def runner(store):
    one = Runner(store, places=1, limits=Limits(memory=2**30, seconds=30))
    one.start()
    yield one
    one.stop()


def ask(runner, how="well", seed=0):
    return runner.ask("trial", "trial", "digest", seed, {"how": how})


def until(condition, seconds=30.0):
    """Wait for a condition; what it returns."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{condition} did not come true within {seconds} seconds")


def ended(runner, id):
    return until(lambda: (run := runner.runs.find(id)) and not run.open and run)


def begun(runner, id):
    """Wait until the run has shown its metric and the grown figure."""
    return until(lambda: len(runner.runs.events(id)) >= 2 and runner.runs.find(id))


def gone(process):
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


# ---- the table of runs -----------------------------------------------------------------------------------------


def test_of_two_servers_one_gets_the_run(store):
    runs = Runs(store)
    first, second = (runs.ask("ridge", "m", "d", 0, {"a": k}) for k in range(2))
    assert runs.waiting() == [first, second]
    assert runs.claim("here").id == first
    assert Runs(store).claim("there").id == second
    assert runs.claim("here") is None
    assert runs.hosts() == {"here", "there"}


def test_the_end_of_a_run_is_final(store):
    runs = Runs(store)
    id = runs.ask("ridge", "m", "d", 0, {})
    assert not runs.end(id, "done"), "it has not begun"
    runs.claim("here")
    assert runs.started(id, 1)
    assert runs.cancel(id)
    metric = Metric("m", 1.0, en="m", zh="m")
    assert not any([runs.end(id, "done"), runs.cancel(id), runs.append(id, metric), runs.started(id, 2)])
    assert not runs.advance(id, Progress(0.5, en="p", zh="p"))
    assert runs.find(id).state == "cancelled"


def test_a_figure_that_grows_takes_the_place_of_the_former(store):
    runs = Runs(store)
    id = runs.ask("ridge", "m", "d", 0, {})
    runs.claim("here")

    def figure(name, length):
        text = Text("t", "题")
        return Figure(name, text, text, text, text, [Line(range(length), range(length))])

    for event in (figure("f", 2), Metric("m", 1.0, en="m", zh="m"), figure("f", 3), figure("g", 2)):
        assert runs.append(id, event, {"en": "<svg/>"} if isinstance(event, Figure) else None)
    logged = runs.events(id)
    assert [one.number for one in logged] == [2, 3, 4]
    assert len(logged[1].event.series[0].x) == 3
    assert [one.number for one in runs.events(id, after=2)] == [3, 4]


def test_runs_lie_in_the_file_of_the_store_and_leave_the_records_alone(store):
    record = store.save("drill", "ridge", "d", {"label": "a"})
    Runs(store).ask("ridge", "m", "d", 0, {})
    assert store.history("drill", "ridge") == [record]
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)


# ---- processes -------------------------------------------------------------------------------------------------


def test_a_run_is_done_and_all_it_showed_is_kept(runner):
    run = ended(runner, ask(runner, seed=5))
    assert run.state == "done"
    assert run.message is None
    assert run.seconds > 0
    events = runner.runs.events(run.id)
    assert [type(one.event).__name__ for one in events] == ["Metric", "Figure", "Learned", "Script"]
    assert events[0].event.value == 5
    assert all("<svg" in events[1].drawn[language] for language in ("en", "zh"))


@pytest.mark.parametrize(
    ("how", "says"),
    [("raises", "ValueError: on <purpose>"), ("exits", "ended with 3"), ("greedy", "more memory than the 1 GiB")],
)
def test_a_run_that_fails_says_why_and_keeps_what_it_showed(runner, how, says):
    run = ended(runner, ask(runner, how))
    assert run.state == "failed"
    assert says in run.message.en
    assert run.message.zh
    assert len(runner.runs.events(run.id)) == 2
    assert ended(runner, ask(runner)).state == "done", "the next is not harmed"


def test_a_run_that_takes_too_long_is_stopped(store):
    runner = Runner(store, places=1, limits=Limits(seconds=3))
    runner.start()
    try:
        run = ended(runner, ask(runner, "slow"))
    finally:
        runner.stop()
    assert run.state == "failed"
    assert "0.05 minutes" in run.message.en


def test_a_knob_that_the_lab_refuses_is_told_in_both_languages(runner):
    run = ended(runner, ask(runner, "sideways"))
    assert run.state == "failed"
    assert "'sideways'" in run.message.en
    assert "旋钮" in run.message.zh


def test_one_at_a_time_and_the_others_wait(runner):
    first, second, third = (ask(runner, "slow"), ask(runner), ask(runner))
    begun(runner, first)
    assert runner.runs.waiting() == [second, third]
    assert runner.cancel(third), "one that waits can be cancelled"
    assert runner.cancel(first), "and so can one that runs"
    assert ended(runner, second).state == "done"
    assert [runner.runs.find(id).state for id in (first, third)] == ["cancelled", "cancelled"]
    assert not runner.cancel(first)


def test_as_many_at_once_as_there_are_places(store):
    runner = Runner(store, places=2)
    runner.start()
    try:
        runs = [ask(runner, "slow") for _ in range(3)]
        until(lambda: [runner.runs.find(id).state for id in runs] == ["running", "running", "queued"])
    finally:
        runner.stop()


def test_cancelling_ends_everything_the_lab_has_started(runner):
    id = ask(runner, "spawns")
    until(lambda: len(runner.runs.events(id)) >= 3)
    child = int(runner.runs.events(id)[-1].event.value)
    own = runner.runs.find(id).process
    assert not gone(child)
    assert runner.cancel(id)
    until(lambda: gone(child) and gone(own))


def test_stopping_interrupts_what_runs_and_leaves_the_queue(store):
    runner = Runner(store, places=1)
    runner.start()
    first, second = ask(runner, "slow"), ask(runner)
    begun(runner, first)
    runner.stop()
    states = [runner.runs.find(id).state for id in (first, second)]
    assert states == ["interrupted", "queued"]
    assert len(runner.runs.events(first)) == 2
    later = Runner(store, places=1)
    later.start()
    try:
        assert ended(later, second).state == "done", "the next server works on what was left"
    finally:
        later.stop()


SERVER = """
import sys, time
from pathlib import Path
from mlatlas.atlas.lab.runner import Runner
from mlatlas.atlas.store import Store
runner = Runner(Store(Path(sys.argv[1])), places=1)
runner.start()
runner.ask("trial", "trial", "digest", 0, {"how": "well"})
runner.ask("trial", "trial", "digest", 0, {"how": "spawns"})
runner.ask("trial", "trial", "digest", 0, {"how": "well"})
time.sleep(60)
"""


def test_a_server_that_is_killed_loses_nothing(store):
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(store.path)])
    try:
        until(store.path.exists)
        runs = Runs(store)
        until(lambda: len(runs.events(2)) >= 3)
        own, child = runs.find(2).process, int(runs.events(2)[-1].event.value)
        alive = Runner(store, places=1)
        alive.sweep()
        assert runs.find(2).state == "running", "its server lives"
    finally:
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    until(lambda: gone(own) and gone(child))  # a lab does not outlive its server
    later = Runner(store, places=1)
    later.start()
    try:
        assert [runs.find(id).state for id in (1, 2)] == ["done", "interrupted"]
        assert len(runs.events(1)) == 4
        assert len(runs.events(2)) == 3
        assert ended(later, 3).state == "done"
        assert not any(
            path.name.startswith("serving-") for path in store.path.parent.iterdir() if later.name not in path.name
        )
    finally:
        later.stop()


def test_a_process_has_the_threads_it_was_given():
    code = "import os; print(os.environ['OMP_NUM_THREADS'])"
    child = confine.spawn("timeit", ["-n1", "-r1", code], threads=3, stdout=subprocess.PIPE)
    assert child.communicate()[0].startswith("3\n")

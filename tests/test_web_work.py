"""Labs, drills and checks in the browser, without a browser: what each address answers, and what it changes."""

import json
import time

import pytest

pytest.importorskip("fastapi", reason="the browser's atlas needs mlatlas[web]")
from starlette.testclient import TestClient

from mlatlas.atlas.map import open_atlas
from mlatlas.atlas.store import Store
from mlatlas.atlas.web.app import create_app
from mlatlas.atlas.web.checks import verdicts
from mlatlas.atlas.web.drills import mastery

HERE = "http://localhost"
RIGHT = "solve(transpose(X) @ X + lam * eye(p), transpose(X) @ y)"
DRILL = "/concepts/ridge/drill/closed-form"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("home") / "atlas.sqlite")


@pytest.fixture(scope="module")
def client(store):
    app = create_app(store=store)
    with TestClient(app, base_url=HERE, headers={"Origin": HERE}, follow_redirects=False) as one:
        yield one


def ended(client, address):
    """The page of a run once it has ended."""
    for _ in range(600):
        page = client.get(address)
        if "data-stream" not in page.text:
            return page
        time.sleep(0.05)
    raise AssertionError(f"{address} did not end within half a minute")


def told(client, address):
    """What a stream of events says, each with its number."""
    found, number = [], None
    for line in client.get(address).text.splitlines():
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            found.append((number, json.loads(line[6:])))
    return found


# ---- labs ------------------------------------------------------------------------------------------------------


def test_a_lab_has_its_knobs_from_the_address(client):
    page = client.get("/concepts/ridge/lab?train_rows=200&products=false").text
    assert 'value="200"' in page
    assert "Rows to fit" in page
    assert 'name="products" value="true" checked' not in page
    assert "拟合" in client.get("/concepts/ridge/lab?lang=zh").text
    client.cookies.clear()


def test_what_cannot_be_is_said_beside_the_knob_and_nothing_is_queued(client, store):
    answer = client.post("/concepts/ridge/lab", data={"train_rows": "<b>9</b>", "seed": "-1"})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert "&lt;b&gt;9&lt;/b&gt;" in answer.text
    assert "<b>9" not in answer.text
    assert client.app.state.runner.runs.latest() == []


def test_a_run_from_its_form_to_its_pictures_and_back_to_its_knobs(client):
    asked = client.post("/concepts/ridge/lab", data={"train_rows": "200", "products": "false", "seed": "7"})
    assert asked.status_code == 303
    address = asked.headers["location"]
    page = ended(client, address).text
    assert page.count("<svg") >= 2
    assert 'class="state done"' in page
    assert "default_rng" in page
    assert "/concepts/ridge/lab?train_rows=200&amp;products=false&amp;seed=7" in page
    assert 'style="' not in page, "the content policy forbids it"
    events = told(client, f"{address}/events")
    assert [number for number, _ in events] == sorted(number for number, _ in events)
    assert events[-1][1] == {"end": "done"}
    assert {one["slot"] for _, one in events[:-1]} >= {"metrics", "figures", "learned", "script"}
    middle = events[2][0]
    resumed = client.get(f"{address}/events", headers={"Last-Event-ID": str(middle)}).text
    assert f"id: {middle}\n" not in resumed
    assert f"id: {middle + 1}\n" in resumed
    again = client.post(f"{address}/again")
    assert again.headers["location"] != address
    ended(client, again.headers["location"])


def test_a_run_that_waits_can_be_cancelled(client):
    slow = {"passes": "40", "orders": "20", "digit": "3", "seed": "0"}
    runs = [client.post("/concepts/perceptron/lab", data=slow).headers["location"] for _ in range(6)]
    for address in reversed(runs):
        assert client.post(f"{address}/cancel").headers["location"] == address
        assert 'class="state cancelled"' in client.get(address).text
    listed = client.get("/runs").text
    assert all(f'href="{address}"' in listed for address in runs)


@pytest.mark.parametrize(
    "address", ["/runs/999", "/runs/999/events", "/concepts/ridge/drill/none", "/concepts/nowhere/lab"]
)
def test_an_address_that_leads_nowhere_says_so(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Back to the map" in answer.text


@pytest.mark.parametrize("address", ["/runs/1/cancel", "/runs/1/again", "/concepts/ridge/checks/closed-form"])
def test_nothing_is_changed_by_get(client, address):
    assert client.get(address).status_code == 405


@pytest.mark.parametrize(
    "address", ["/runs/1/cancel", "/concepts/ridge/lab", DRILL, "/concepts/ridge/checks/closed-form"]
)
def test_nothing_is_changed_from_another_site(client, address):
    assert client.post(address, headers={"Origin": "http://evil.example"}).status_code == 403


# ---- drills ----------------------------------------------------------------------------------------------------


def test_the_answer_is_hidden_until_it_is_found(client):
    page = client.get(DRILL).text
    assert "<math" in page
    assert all(f"<code>{name}</code>" in page for name in ("X", "y", "lam"))
    assert "inv(" not in page.partition("Functions")[0]


def test_wrong_then_right_and_mastered(client, store):
    before = mastery(open_atlas(), store)["ridge"]
    wrong = client.post(DRILL, data={"answer": f"-{RIGHT}", "do": "judge"}).text
    assert "Its sign is wrong." in wrong
    assert "the definition gives" in wrong
    assert mastery(open_atlas(), store)["ridge"] == before
    right = client.post(DRILL, data={"answer": RIGHT, "do": "judge", "tries": "1"}).text
    assert "Mastered." in right
    assert mastery(open_atlas(), store)["ridge"] == (before[0] + 1, before[1])
    assert store.latest("drill", "ridge").payload == {
        "label": "closed-form",
        "outcome": "right",
        "tries": 2,
        "hints": 0,
        "revealed": False,
    }
    listed = client.get("/concepts/ridge/drill").text
    assert f"{before[0] + 1} of {before[1]} steps mastered" in listed


def test_hints_come_one_at_a_time_and_an_answer_that_was_shown_is_not_mastered(client, store):
    address = "/concepts/ridge/drill/gradient"
    typed = {"answer": "X", "do": "hint"}
    seen = []
    for shown in range(3):
        page = client.post(address, data={**typed, "hints": str(shown)}).text
        hints = page.partition('class="hints"')[2].partition("</ol>")[0]
        seen.append(hints.count("<li>"))
        assert 'value="X"' in page, "what was typed stays"
    assert seen == [1, 2, 3]
    answer = hints.rpartition("The answer: ")[2].partition("</li>")[0]
    known = mastery(open_atlas(), store)["ridge"]
    page = client.post(address, data={"answer": answer, "do": "judge", "hints": "99", "tries": "x"}).text
    assert "come back to it later" in page
    assert mastery(open_atlas(), store)["ridge"] == known


@pytest.mark.parametrize(
    "typed", ["__import__('os').system('x')", "<script>alert(1)</script>", "x" * 2000, "(" * 500, "", "9**9**9**9"]
)
def test_what_is_no_expression_is_refused_shown_as_text_and_not_counted(client, store, typed):
    before = store.history("drill", "ridge")
    page = client.post(DRILL, data={"answer": typed, "do": "judge"}).text
    assert 'class="reply refused"' in page
    assert "<script>alert" not in page
    assert store.history("drill", "ridge") == before


def test_what_is_typed_is_shown_as_mathematics(client):
    told = client.get(f"{DRILL}/formula", params={"text": "transpose(X) @ y / lam"}).json()
    assert set(told) == {"math"}
    assert "<mfrac>" in told["math"]
    assert "λ" in told["math"]
    assert set(client.get(f"{DRILL}/formula", params={"text": "2 *"}).json()) == {"fault"}
    assert "看" in client.get(f"{DRILL}/formula", params={"text": "2 *", "lang": "zh"}).json()["fault"]


def test_mastered_steps_of_another_state_of_the_page_do_not_count_beyond_it(client, store):
    payload = {"label": "gone", "outcome": "right", "tries": 1, "hints": 0, "revealed": False}
    store.save("drill", "lasso", "old", payload)
    known, steps = mastery(open_atlas(), store)["lasso"]
    assert (known, steps) == (0, len(open_atlas().room("lasso").page.checks))


# ---- checks ----------------------------------------------------------------------------------------------------


def test_a_check_is_judged_here_and_the_page_shows_it(client, store):
    room = open_atlas().room("ridge")
    answer = client.post("/concepts/ridge/checks/closed-form")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/concepts/ridge#check-closed-form"
    judged = verdicts(store, room)["closed-form"]
    assert judged.ok
    assert judged.stamp is not None
    assert judged.error < 1e-6
    assert client.post("/concepts/ridge/checks/none").status_code == 404


def test_of_two_verdicts_the_newer_one_counts_and_none_of_another_room(store):
    room = open_atlas().room("lasso")
    label = room.page.checks[0].label
    payload = {
        "label": label,
        "level": "numeric",
        "ok": True,
        "error": 1.0,
        "draws": 1,
        "reasons": [],
        "counterexample": "",
    }
    store.save("check", "lasso", "another state", {**payload, "error": 9.0})
    assert (found := verdicts(store, room).get(label)) is None or found.error != 9.0
    store.save("check", "lasso", room.digest, payload)
    store.save("check", "lasso", room.digest, {**payload, "ok": False, "reasons": ["why"], "error": None})
    found = verdicts(store, room)[label]
    assert (found.ok, found.reasons, found.error) == (False, ("why",), None)

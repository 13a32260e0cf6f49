"""The atlas in the browser, without a browser: what may come in, what each address answers, how fast, and how much."""

import gzip
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import pytest

pytest.importorskip("fastapi", reason="the browser's atlas needs mlatlas[web]")
from starlette.testclient import TestClient

from mlatlas.atlas.cli.serve import serve
from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.check import run_check
from mlatlas.atlas.map import MAP, inventory, open_atlas
from mlatlas.atlas.map.inventory import Concept
from mlatlas.atlas.store import Store
from mlatlas.atlas.text import LANGUAGES, Text
from mlatlas.atlas.web import cartography
from mlatlas.atlas.web.app import create_app
from mlatlas.atlas.web.findings import duration
from mlatlas.atlas.web.safety import Door

HERE = "http://localhost"
ATLAS = open_atlas()
ROOMS = [room.concept.id for room in ATLAS.order()]
PLANNED = next(id for id in ATLAS.concepts if id not in ATLAS.rooms)
PAGES = [
    *("/", "/list", "/list?q=net", "/overview", "/questions", "/claims?q=L1", "/status", "/glossary", "/laws"),
    *("/laws?a=lasso&b=ridge", "/route/lasso", "/route/lasso?from=ridge", f"/concepts/{PLANNED}", "/nowhere"),
    *(f"/concepts/{id}" for id in ROOMS),
]


def client_of(door=None, store=None, **headers):
    return TestClient(create_app(door, store=store), base_url=HERE, headers=headers, follow_redirects=False)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with client_of(store=Store(tmp_path_factory.mktemp("home") / "atlas.sqlite")) as one:
        yield one


# ---- safe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""])
def test_a_foreign_host_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8642", "127.0.0.1", "[::1]:80"])
def test_our_own_names_are_known(client, host):
    assert client.get("/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost", "http://localhost:81"])
def test_a_foreign_origin_is_refused(client, origin):
    assert client.get("/", headers={"Origin": origin}).status_code == 403
    assert client.post("/concepts/ridge/lab", headers={"Origin": origin}).status_code == 403


def test_what_changes_something_says_where_it_comes_from_and_how_long_it_is(client):
    assert client.post("/concepts/ridge/lab").status_code == 403  # no Origin
    assert client.post("/concepts/ridge/lab", headers={"Origin": HERE}, content=b"x" * 70_000).status_code == 413
    unmeasured = client.post("/concepts/ridge/lab", headers={"Origin": HERE}, content=iter([b"x"]))
    assert unmeasured.status_code == 413


def test_beyond_loopback_every_request_bears_the_token():
    with pytest.raises(AtlasError, match="token"):
        Door("0.0.0.0")
    client = client_of(Door("0.0.0.0", "secret"), Host="10.0.0.1")
    assert client.get("/").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    assert client.get("/", headers={"Cookie": "mlatlas-token=wrong"}).status_code == 401
    let_in = client.get("/list?q=x&token=secret")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/list?q=x")
    assert {"HttpOnly", "SameSite=strict"} <= set(let_in.headers["set-cookie"].split("; "))
    assert client.get("/list?q=x", headers={"Cookie": "mlatlas-token=secret"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example", "Cookie": "mlatlas-token=secret"}).status_code == 421
    client.cookies.clear()
    assert client.get(f"{HERE}//evil.example/?token=secret").headers["location"] == "/evil.example/"


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/map.js", "/fonts.css"])
def test_every_answer_carries_the_headers(client, path):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_nothing_is_changed_by_get(tmp_path):
    store = Store(tmp_path / "atlas.sqlite")
    client = client_of(store=store)
    for page in PAGES:
        client.get(page)
    for address in ("/concepts/ridge/checks/gradient", "/runs/1/cancel", "/runs/1/again"):
        assert client.get(address).status_code == 405
    assert not store.path.exists()


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/fonts/../x.woff2", "/concepts/%2e%2e"]
)
def test_no_address_leads_out_of_the_house(client, path):
    assert client.get(path).status_code in (404, 405)


@pytest.mark.parametrize(
    "path", ["/list?q={}", "/questions?q={}", "/laws?a={}", "/route/lasso?from={}", "/concepts/{}"]
)
def test_what_comes_from_outside_is_escaped(client, path):
    answer = client.get(path.format("%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))
    assert "<script>alert" not in answer.text


def test_a_port_that_is_taken_is_told_with_a_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AtlasError, match=rf"--port {port}: cannot listen there .* --port 0"):
            serve("127.0.0.1", port, browser=False, lang="en")


# ---- what the pages say ------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_well_made(client, page, lang):
    answer = client.get(page, params=None, headers={"Accept-Language": lang})
    assert answer.status_code == (404 if page == "/nowhere" else 200)
    found = Outline(answer.text)
    attributes = [(tag, name) for tag, attrs in found.tags for name in attrs]
    assert not [one for one in attributes if one[1] == "style" or one[1].startswith("on")]  # the policy forbids them
    assert not [attrs for tag, attrs in found.tags if tag == "script" and "src" not in attrs]
    assert "<style" not in answer.text
    assert ("html", {"lang": {"en": "en", "zh": "zh-Hans"}[lang]}) in found.tags
    assert [one for one, count in Counter(found.ids).items() if count > 1] == []
    heights = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert heights[0] == 1
    assert heights.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(heights))
    labelled = {attrs["for"] for tag, attrs in found.tags if tag == "label" and "for" in attrs}
    for tag, attrs in found.tags:
        if tag in ("input", "select") and attrs.get("type") not in ("hidden", "checkbox"):
            assert attrs["id"] in labelled
    inside = [link[1:] for link in found.links if link.startswith("#")]
    assert set(inside) <= set(found.ids)


def test_every_link_of_the_site_leads_somewhere(client):
    seen, wanted = set(), {"/"}
    while wanted:
        page = wanted.pop()
        seen.add(page)
        answer = client.get(page, follow_redirects=True)
        assert answer.status_code == 200, page
        links = {link.partition("#")[0] for link in Outline(answer.text).links}
        wanted |= {
            link for link in links if link.startswith("/") and "lang=" not in link and "/laws?" not in link
        } - seen
    assert {f"/concepts/{id}" for id in ATLAS.concepts} <= seen


def test_the_language_is_that_of_the_address_then_of_the_last_address_then_of_the_browser(client):
    def language(path, **headers):
        return re.search('<html lang="([a-zA-Z-]+)"', client.get(path, headers=headers).text)[1]

    client.cookies.clear()
    assert language("/status") == "en"
    assert language("/status", **{"Accept-Language": "zh-CN,en;q=0.5"}) == "zh-Hans"
    assert language("/status?lang=zh") == "zh-Hans"
    assert language("/claims") == "zh-Hans"
    assert language("/claims?lang=en") == "en"
    client.cookies.clear()
    assert 'href="/claims?q=L1&amp;lang=zh"' in client.get("/claims?q=L1").text


def test_the_map_shows_every_place_road_and_law(client):
    found = Outline(client.get("/").text)
    places = [attrs for tag, attrs in found.tags if "spot" in attrs.get("class", "").split()]
    assert {one["data-id"] for one in places} == set(ATLAS.concepts)
    assert {one["data-id"] for one in places if "built" in one["class"].split()} == set(ATLAS.rooms)
    roads = {
        (attrs["data-from"], attrs["data-to"]) for _, attrs in found.tags if "road" in attrs.get("class", "").split()
    }
    assert roads == {(need, id) for id in ATLAS.concepts for need in ATLAS.needs(id)}
    laws = {(room.concept.id, law.of) for room in ATLAS.order() for law in room.laws if law.of and law.kind == "law"}
    bridges = {
        (attrs["data-a"], attrs["data-b"]) for _, attrs in found.tags if "bridge" in attrs.get("class", "").split()
    }
    assert bridges == {pair for pair in laws if pair[0] != pair[1]}


def test_places_stay_where_they_are_when_others_are_added(monkeypatch):
    before = dict(cartography.cells())
    more = {**inventory.concepts()}
    for number, region in enumerate(inventory.regions()):
        first = next(one.id for one in more.values() if one.region == region)
        more[f"new-{number}"] = Concept(f"new-{number}", region, Text("New", "新"), (first,), "", "")
    monkeypatch.setattr(cartography, "concepts", lambda: more)
    cartography.cells.cache_clear()
    after = cartography.cells()
    cartography.cells.cache_clear()
    assert {id: after[id] for id in before} == before
    assert len({(more[id].region, cell) for id, cell in after.items()}) == len(more)


@pytest.mark.parametrize(
    ("wish", "id"), [("重球", None), ("lasso", "lasso"), ("KL 散度", "information-theory"), ("岭回归", "ridge")]
)
def test_search_knows_both_languages_and_aliases(client, wish, id):
    answer = client.get("/list", params={"q": wish})
    if id is None:
        assert answer.status_code == 200
    else:
        assert answer.headers["location"] == f"/concepts/{id}"


def test_every_question_and_claim_is_listed_and_leads_to_its_place(client):
    for page, items in (("/questions", ATLAS.questions), ("/claims", ATLAS.claims)):
        links = set(Outline(client.get(page).text).links)
        for one in items.values():
            assert (f"/overview#{one.id}" if one.concept == MAP else f"/concepts/{one.concept}#{one.id}") in links
    anchors = Outline(client.get("/overview").text).ids
    assert {one.id for one in ATLAS.questions.values() if one.concept == MAP} <= set(anchors)


@pytest.mark.parametrize("check", ATLAS.overview.checks, ids=lambda check: check.label)
def test_what_the_page_of_the_map_claims_holds(check):
    verdict = run_check(check)
    assert verdict.ok, verdict.reasons


def test_a_concept_has_its_verdicts_laws_races_and_doors(client):
    html = client.get("/concepts/linear-regression?lang=en").text
    client.cookies.clear()
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", html))
    assert "✓ Checked numerically · 25 draws · largest error" in text
    assert "smallest gap" in text
    assert "times as fast" in text
    assert 'action="/concepts/linear-regression/checks/' in html
    assert {"/concepts/linear-regression/lab", "/concepts/linear-regression/drill"} <= set(Outline(html).links)


def test_times_are_said_in_the_unit_that_suits():
    assert [duration(one) for one in (2.5, 0.99999, 0.0421, 3e-6, 4e-8)] == [
        "2.5 s",
        "1 s",
        "42.1 ms",
        "3 µs",
        "0.04 µs",
    ]


# ---- fast --------------------------------------------------------------------------------------------------------


def test_the_first_start_takes_less_than_three_seconds_and_loads_nothing_heavy(tmp_path):
    program = (
        "import sys\nfrom starlette.testclient import TestClient\nfrom mlatlas.atlas.web.app import create_app\n"
        "assert TestClient(create_app(), base_url='http://localhost').get('/').status_code == 200\n"
        "print(sorted({'sklearn', 'numba', 'torch', 'sympy', 'pandas'} & set(sys.modules)))"
    )

    def start():
        began = time.perf_counter()
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert out.stdout.strip() == "[]"
        return time.perf_counter() - began

    assert min(start() for _ in range(3)) < 3.0  # the first of them may have to compile the byte code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_warm_page_takes_less_than_a_tenth_of_a_second_and_the_map_less_than_three(client, lang):
    for page in PAGES:
        times = []
        for _ in range(6):  # the first one warms, and another process may hold the core for a while
            began = time.perf_counter()
            client.get(page, headers={"Accept-Language": lang})
            times.append(time.perf_counter() - began)
        assert min(times[1:]) < (0.3 if page == "/" else 0.1), page


@pytest.mark.parametrize("page", ["/", *(f"/concepts/{id}" for id in ROOMS)])
def test_the_first_view_weighs_less_than_200_kb(client, page):
    """The page with its style, its scripts and the typefaces that it may ask for."""
    html = client.get(page).text
    wanted = re.findall(r'(?:<link rel="stylesheet" href|<script src)="([^"]+)"', html)
    assert wanted
    fonts = re.findall(r'url\("([^"]+)"\)', client.get("/fonts.css").text)
    bodies = [html.encode(), *(client.get(address).content for address in wanted)]
    weight = sum(len(gzip.compress(body, 6)) for body in bodies) + sum(len(client.get(face).content) for face in fonts)
    assert weight < 200_000

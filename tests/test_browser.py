"""The map and the pages in a real browser: camera, search, route, the language switch, code beside text, contrast."""

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests need playwright; pip install -e '.[dev]'")
from playwright.sync_api import expect

PAGES = [
    *("/", "/list", "/overview", "/questions", "/claims", "/status", "/glossary", "/laws", "/route/lasso"),
    *("/concepts/ridge", "/concepts/gpt"),
]
LOOKS = [("en", "light", 1440), ("zh", "dark", 1440), ("zh", "light", 390), ("en", "dark", 390)]

# Text whose contrast with its background is less than WCAG asks for: 4.5, or 3 for large type.
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || one.closest("svg, .unseen, .skip, noscript") || !one.checkVisibility()) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(rgba(style.color)), light(ground(one))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) faint.add(`${one.className || one.tagName}: ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...faint];
}"""


def camera(page):
    return [float(part) for part in page.locator("#map").get_attribute("viewBox").split()]


@pytest.mark.parametrize(("lang", "scheme", "width"), LOOKS)
def test_every_kind_of_page_can_be_read(server, visit, lang, scheme, width):
    with visit(lang, scheme, width) as page:
        for path in PAGES:
            page.goto(server.url(path))
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[lang]
            assert page.evaluate(FAINT) == [], path
            assert page.get_by_role("heading", level=1).count() == 1


def test_mathematics_and_text_are_set_in_the_faces_that_the_packages_carry(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge"))
        loaded = page.evaluate(
            "document.fonts.ready.then(() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family))"
        )
        assert {"Atlas Serif", "Atlas Sans", "STIX Two Math"} <= {family.strip('"') for family in loaded}


def test_from_the_map_to_a_page_by_hand_and_by_keyboard(server, visit):
    with visit() as page:
        page.goto(server.url("/"))
        page.locator("[data-id=lasso] circle").click()
        panel = page.locator("#panel")
        expect(panel.get_by_role("heading", level=2)).to_have_text("Lasso and elastic net (L1)")
        expect(panel.get_by_role("button", name="Ridge regression (L2)")).to_be_visible()
        assert page.url.endswith("/#lasso")
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        assert page.evaluate("document.activeElement.dataset.id") == "lasso"
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the title in the panel has the focus
        page.wait_for_url("**/concepts/lasso")


@pytest.mark.parametrize(("text", "id"), [("elastic net", "lasso"), ("岭回归", "ridge"), ("weight decay", "ridge")])
def test_search_on_the_map(server, visit, text, id):
    with visit() as page:
        page.goto(server.url("/"))
        page.get_by_role("searchbox").fill(text)
        assert id in [one.get_attribute("data-id") for one in page.locator(".spot.hit").all()]
        page.keyboard.press("Enter")
        assert page.url.endswith(f"#{id}")


def test_the_camera_moves_by_keys_buttons_and_fingers(server, visit):
    with visit() as page:
        page.goto(server.url("/"))
        page.locator(".chart .sheet").focus()
        start = camera(page)
        page.keyboard.press("+")
        near = camera(page)
        assert near[2] < start[2]
        page.keyboard.press("ArrowRight")
        assert camera(page)[0] > near[0]
        page.get_by_role("button", name="Whole map").click()
        page.wait_for_function(
            "width => Math.abs(document.querySelector('#map').viewBox.baseVal.width - width) < 1", arg=start[2]
        )
        page.locator(".chart .sheet").focus()
        page.keyboard.press("+")
        before = camera(page)
        page.mouse.move(700, 500)
        page.mouse.down()
        page.mouse.move(600, 450, steps=5)
        page.mouse.up()
        assert camera(page)[0] > before[0]
        assert page.url == server.url("/")  # a drag opens nothing
        page.get_by_role("button", name="Whole map").click()
        page.locator(".chart .sheet").focus()
        page.keyboard.press("+")
        held = camera(page)
        page.wait_for_timeout(500)
        assert camera(page) == held  # the flight to the whole map ends where the reader takes over


def test_a_route_from_what_one_knows(server, visit):
    with visit() as page:
        page.goto(server.url("/#ridge"))
        panel = page.locator("#panel")
        panel.get_by_role("button", name="I know this").click()
        page.goto(server.url("/#lasso"))
        page.reload()
        panel.get_by_role("button", name="Route to here").click()
        steps = panel.locator("ol button").all_inner_texts()
        assert "Ridge regression (L2)" not in steps
        assert steps[-1] == "Lasso and elastic net (L1)"
        panel.get_by_role("link", name="Why each step").click()
        page.wait_for_url(re.compile(r"/route/lasso\?from=ridge$"))
        expect(page.get_by_role("heading", level=2).last).to_have_text("Lasso and elastic net (L1)")


def test_the_laws_between_two_places(server, visit):
    with visit() as page:
        page.goto(server.url("/#lasso"))
        page.locator("#panel").get_by_role("link", name=re.compile("↔ Ridge")).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ridge regression (L2)")
        expect(page.locator(".law").first).to_be_visible()


def test_the_language_switch_keeps_the_place(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge"))
        page.locator("#check-shrinkage").scroll_into_view_if_needed()
        page.locator("#eq-shrinkage").evaluate("one => scrollTo(0, scrollY + one.getBoundingClientRect().top - 100)")
        page.get_by_role("link", name="中文").click()
        page.wait_for_url(re.compile(r"/concepts/ridge\?lang=zh#"))
        expect(page.get_by_role("heading", level=1)).to_have_text("岭回归")
        expect(page.locator("#eq-shrinkage")).to_be_in_viewport()
        page.goto(server.url("/status"))
        expect(page.get_by_role("link", name="English")).to_be_visible()


def test_an_equation_and_its_lines_light_each_other(server, visit):
    with visit(width=1600) as page:
        page.goto(server.url("/concepts/ridge"))
        equation, line = page.locator("#eq-shrinkage"), page.locator(".line[data-equations~=shrinkage]").first
        equation.hover()
        expect(line).to_have_class(re.compile(r"\blit\b"))
        expect(line).to_be_in_viewport()
        page.mouse.move(5, 5)
        expect(line).not_to_have_class(re.compile(r"\blit\b"))
        line.locator("a").focus()
        expect(equation).to_have_class(re.compile(r"\blit\b"))


def test_the_list_says_the_same_without_scripts(server, visit):
    with visit(scripts=False) as page:
        page.goto(server.url("/"))
        assert page.locator(".spot").count() == 126
        page.get_by_role("link", name="The same as a list").click()
        page.get_by_role("link", name="Ridge regression (L2)").first.click()
        assert page.url == server.url("/concepts/ridge")

"""Labs and drills in a real browser: to a lab and its result, wrong then right, cancelled, killed and started again."""

import re

import pytest

pytest.importorskip("playwright", reason="the browser tests need playwright; pip install -e '.[dev]'")
from playwright.sync_api import expect

SLOW = "/concepts/perceptron/lab?passes=40&orders=20"  # several seconds, with a curve that grows
DRILL = "/concepts/ridge/drill/closed-form"
RIGHT = "solve(transpose(X) @ X + lam * eye(p), transpose(X) @ y)"
PATIENCE = 60_000  # milliseconds: other work may share the machine


def began(page):
    """Start the slow lab; the address of its run, once its first picture is there."""
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#figure-errors")).to_be_visible(timeout=PATIENCE)
    return page.url


def state(page):
    return page.locator(".standing .state")


def test_from_the_map_to_a_page_to_a_lab_to_its_result(server, visit):
    with visit() as page:
        page.goto(server.url("/"))
        page.locator("[data-id=ridge]").focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Read the page").click()
        page.wait_for_url("**/concepts/ridge")
        page.get_by_role("link", name=re.compile("lab", re.IGNORECASE)).first.click()
        page.get_by_label("Rows to fit").fill("200")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(state(page)).to_have_text("finished", timeout=PATIENCE)
        expect(page.locator(".picture svg")).to_have_count(2)
        expect(page.get_by_text("The same in Python")).to_be_visible()
        page.get_by_role("link", name="The lab with these settings").click()
        expect(page.get_by_label("Rows to fit")).to_have_value("200")


def test_a_slider_turns_its_knob(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge/lab"))
        page.locator("input[type=range]").first.evaluate(
            "one => { one.value = 1000; one.dispatchEvent(new Event('input')) }"
        )
        expect(page.get_by_label("Rows to fit")).to_have_value("400")


def test_a_curve_grows_while_it_runs_and_the_end_comes_by_itself(server, visit):
    with visit() as page:
        page.goto(server.url(SLOW))
        began(page)
        caption = page.locator("#figure-errors figcaption")
        first = caption.inner_text()
        page.wait_for_function(
            "first => document.querySelector('#figure-errors figcaption').innerText !== first", arg=first
        )
        assert page.locator("#figure-errors").count() == 1
        expect(state(page)).to_have_text("finished", timeout=PATIENCE)
        assert "20 orders" in caption.inner_text()


def test_a_run_is_cancelled_and_can_be_run_again(server, visit):
    with visit() as page:
        page.goto(server.url(SLOW))
        address = began(page)
        page.get_by_role("button", name="Cancel").click()
        expect(state(page)).to_have_text("cancelled")
        expect(page.locator("#figure-errors")).to_be_visible()
        page.get_by_role("button", name="Run again").click()
        expect(page.locator("#progress")).to_be_visible()
        assert page.url != address
        page.get_by_role("button", name="Cancel").click()
        expect(state(page)).to_have_text("cancelled")


def test_a_server_killed_in_the_middle_of_a_lab_loses_nothing(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge/lab"))
        page.get_by_role("button", name="Run", exact=True).click()
        expect(state(page)).to_have_text("finished", timeout=PATIENCE)
        finished = page.url
        page.goto(server.url(SLOW))
        running = began(page)
        server.kill()
        server.start()
        expect(state(page)).to_have_text("interrupted", timeout=PATIENCE)  # the open page finds out by itself
        page.complaints.clear()  # of the time when nobody answered
        expect(page.locator("#figure-errors")).to_be_visible()
        page.goto(finished)
        expect(state(page)).to_have_text("finished")
        expect(page.locator(".picture svg")).to_have_count(2)
        page.goto(running)
        page.get_by_role("button", name="Run again").click()
        expect(state(page)).to_have_text("finished", timeout=PATIENCE)


def test_a_page_that_is_closed_does_not_end_its_run(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge/lab"))
        page.get_by_role("button", name="Run", exact=True).click()
        address = page.url
    with visit() as page:
        page.goto(address)
        expect(state(page)).to_have_text("finished", timeout=PATIENCE)


def test_a_drill_answered_wrongly_then_rightly(server, visit):
    with visit() as page:
        page.goto(server.url(DRILL))
        field = page.get_by_label("The right-hand side")
        page.get_by_role("button", name="lam", exact=True).click()
        expect(field).to_have_value("lam")
        expect(page.locator("#asked")).to_contain_text("λ")
        field.fill("2 *")
        expect(page.locator("#fault")).to_contain_text("no expression")
        field.fill(f"-{RIGHT}")
        expect(page.locator("#asked")).to_contain_text("⊤")
        page.get_by_role("button", name="Judge it").click()
        expect(page.get_by_role("status")).to_contain_text("Its sign is wrong.", timeout=PATIENCE)
        expect(page.locator(".against")).to_contain_text("the definition gives")
        page.get_by_role("button", name="A hint").click()
        expect(page.locator(".hints li")).to_have_count(1)
        field.fill(RIGHT)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Mastered.", timeout=PATIENCE)
        page.get_by_role("link", name="The next step").click()
        expect(page.locator(".steps .mastered")).to_have_count(1)


def test_a_check_is_run_from_its_page(server, visit):
    with visit() as page:
        page.goto(server.url("/concepts/ridge"))
        check = page.locator("#check-gradient")
        check.get_by_role("button").click()
        page.wait_for_url("**/concepts/ridge#check-gradient")
        expect(check).to_contain_text("on this machine")


def test_everything_works_without_scripts(server, visit):
    with visit(lang="zh", scripts=False) as page:
        page.goto(server.url(DRILL))
        page.get_by_label("等式右边").fill(f"{RIGHT} / n")
        page.get_by_role("button", name="评判").click()
        expect(page.get_by_role("status")).to_contain_text("1/n")
        page.goto(server.url("/concepts/ridge/lab"))
        page.get_by_role("button", name="运行", exact=True).click()
        expect(state(page)).to_have_text("已完成", timeout=PATIENCE)  # the page reloads itself


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_fit_name_their_language_and_label_their_controls(server, visit, lang, scheme, width):
    with visit(lang=lang, scheme=scheme, width=width) as page:
        page.goto(server.url("/concepts/ridge/lab"))
        page.locator(".knobs .go").click()
        expect(page.locator(".state.done")).to_be_visible(timeout=PATIENCE)
        run = page.url.removeprefix(server.url(""))
        for path in (run, "/runs", "/concepts/perceptron/lab", "/concepts/ridge/drill", DRILL):
            page.goto(server.url(path))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[lang]
            assert page.locator("h1").count() == 1
            nameless = page.evaluate(
                "[...document.querySelectorAll('main input:not([type=hidden]):not([aria-hidden]), main select, main button')]"
                ".filter(one => !(one.labels?.length || one.textContent.trim() || one.ariaLabel)).length"
            )
            assert nameless == 0, path

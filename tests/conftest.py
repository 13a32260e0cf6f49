"""What tests share: the atlas as a server of its own, and Debian's Chromium to look at it."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest


class Server:
    """``mlatlas serve`` over a folder of results, to be killed and started again at the same address."""

    def __init__(self, home):
        self.home, self.port = home, 0
        self.start()

    def start(self):
        """Serve, and wait until somebody answers."""
        command = [str(Path(sys.executable).parent / "mlatlas"), "serve", "--port", str(self.port), "--lang", "en"]
        environment = {**os.environ, "MLATLAS_HOME": str(self.home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        line = self.process.stdout.readline()
        assert "http://" in line, line
        self.address = line.split("http://")[1].split("/")[0]
        self.port = int(self.address.rpartition(":")[2])

    def kill(self, how=signal.SIGKILL):
        """End it, by default without warning."""
        self.process.send_signal(how)
        self.process.wait()
        self.process.stdout.close()

    def url(self, path):
        """The whole address of a page."""
        return f"http://{self.address}{path}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The atlas, served from a process of its own."""
    one = Server(tmp_path_factory.mktemp("home"))
    yield one
    one.kill(signal.SIGTERM)


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium; where it is missing the test is skipped, unless MLATLAS_BROWSER=1 says that it must run."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None and os.environ.get("MLATLAS_BROWSER") != "1":
        pytest.skip("there is no chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """``with visit(...) as page``: a fresh reader's page; whatever the console complains about fails the test."""

    @contextmanager
    def opened(lang="en", scheme="light", width=1280, height=900, scripts=True):
        context = chromium.new_context(
            locale={"en": "en-GB", "zh": "zh-CN"}[lang],
            color_scheme=scheme,
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
        )
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: said.type in ("error", "warning") and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        try:
            yield page
            assert page.complaints == []
        finally:
            context.close()

    return opened

"""The call's pane with as many people as a test asks for.

Their pictures are painted: no server and no devices are needed, and every state is one step away.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page, Route

from server.web.pseudo import LANGUAGES
from tests.servers import ROOT

ADDRESS = "http://localhost/lab"  # answered by the test itself
DIST = ROOT / "static" / "dist"
PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>Call</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{links}</head><body><main id="main" tabindex="-1"></main>
<div class="unseen" id="announce-polite" role="status"></div><div class="unseen" id="announce-assertive" role="alert"></div>
<script type="application/json" id="i18n">{strings}</script><script type="module" src="/page.js"></script></body></html>"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class StageLab:
    """Builds the lab's page once, and opens it."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._script = folder / "page.js"
        node = shutil.which("node") or "node"
        subprocess.run([node, str(ROOT / "static/test/lab/build.mjs"), str(folder)], check=True, cwd=ROOT / "static")
        self._manifest: dict[str, Any] = json.loads((DIST / "manifest.json").read_text())
        self.errors: list[str] = []

    def open(
        self, n: int, size: tuple[int, int], *, desk: bool = False, language: str = "en-GB", script: str = "", **changed: dict[str, object]
    ) -> Page:
        """Show a call with `n` others; `changed` says what is different of the people p0 (the patient), p1 and so on.

        At the desk we are p1, else the patient. `script` runs before the page's own.
        """
        context = self._browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
        context.add_init_script(script or "0")
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("**/*", lambda route: self._answer(route, language))
        ask = {"n": n, "me": 1 if desk else 0, "layout": "desk" if desk else "room", "changed": changed}
        page.goto(f"{ADDRESS}#{quote(json.dumps(ask))}")
        page.wait_for_function("() => document.querySelectorAll('.stage .tiles > li').length > 0")
        return page

    def _answer(self, route: Route, language: str) -> None:
        name = route.request.url.split("#")[0].rsplit("/", 1)[1]
        if name == "lab":
            route.fulfill(body=self._page(language), content_type="text/html")
            return
        path = self._script if name == "page.js" else DIST / self._manifest[name]["file"]
        route.fulfill(path=path, content_type=TYPES[path.suffix])

    def _page(self, language: str) -> str:
        links = "".join(f'<link rel="stylesheet" href="/{name}">' for name in ("app.css", "call.css", "staff.css"))
        say = LANGUAGES[language][1] if language in LANGUAGES else str
        strings = {words: say(words) for words in self._manifest["desk"]["strings"]}
        direction = "rtl" if language.startswith("ar") else "ltr"
        return PAGE.format(language=language, direction=direction, links=links, strings=json.dumps(strings))

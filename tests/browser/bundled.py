"""A part of the browser side alone in an empty page, and something to be sent."""

import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.servers import need_program

STATIC = Path(__file__).parents[2] / "static"
ESBUILD = "node_modules/esbuild/bin/esbuild"

# Makes a track that goes on drawing.
DRAW = """globalThis.draw = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const context = canvas.getContext("2d");
  let drawn = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${drawn++ * 20} 90% 50%)`;
    context.fillRect(0, 0, 64, 64);
  }, 50);
  return canvas.captureStream(20).getVideoTracks()[0];
}"""


def page_with(browser: Browser, source: str, name: str) -> Page:
    """Return a page that knows a module under this name, and `draw`."""
    words = [need_program("node", "nodejs"), ESBUILD, source, "--bundle", "--format=iife", f"--global-name={name}"]
    bundled = subprocess.run(words, cwd=STATIC, check=True, capture_output=True, text=True)
    page = browser.new_page()
    page.add_script_tag(content=bundled.stdout)
    page.evaluate(DRAW)
    return page

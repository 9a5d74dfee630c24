"""Chromium without a window, driven through a pipe by its own protocol; no package needed.

Messages are JSON, ended by a zero byte: the browser reads them from descriptor 3 and writes them to
descriptor 4 (``--remote-debugging-pipe``).
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Page", "browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--hide-scrollbars", "--no-first-run",
    "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb",
    "--disable-background-networking", "--disable-extensions",
)  # fmt: skip


class Page:
    """One tab.

    Parameters
    ----------
    reads, writes
        Ends of the pipes to the browser.
    """

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = os.fdopen(reads, "rb"), os.fdopen(writes, "wb")
        self._number, self._session, self._rest = 0, "", b""
        self.console: list[str] = []
        tab = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            got = self._reads.read1()  # type: ignore[attr-defined]
            if not got:
                raise RuntimeError("the browser has gone")
            self._rest += got
        text, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        sent: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            sent["sessionId"] = self._session
        self._writes.write(json.dumps(sent).encode() + b"\0")
        self._writes.flush()
        while (answer := self._message()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        found: dict[str, Any] = answer["result"]
        return found

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what a page should never say, and every request that leaves it."""
        method, told = event.get("method", ""), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(told["exceptionDetails"].get("exception", told)))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.console.append(told["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = told["request"]["url"]
            if not url.startswith(("data:", "blob:")) and url != self._url:
                self.console.append(f"request: {url}")

    def open(self, file: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Open a file and wait until the page says that it has drawn itself."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._url = file.resolve().as_uri()
        self._call("Page.navigate", url=self._url)
        self.run("""new Promise((done) => {
            const ask = () => document.documentElement?.dataset.ready ? done() : setTimeout(ask, 5);
            ask();
        })""")

    def run(self, script: str) -> Any:
        """Value of an expression; promises are waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until what is due has been drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))")

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """One event of the mouse: ``mousePressed``, ``mouseMoved``, ``mouseWheel`` ..."""
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Press and release the left button."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)
        self.settle()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Move with the left button held."""
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        self.mouse("mouseMoved", *end, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)
        self.settle()

    def key(self, key: str) -> None:
        """Press a key; one of a letter's text, or a name such as ``Enter``."""
        text = {"text": key} if len(key) == 1 else {}
        text = {"text": "\r"} if key == "Enter" else text
        self._call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.settle()

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)
        self.settle()

    def screenshot(self, file: Path) -> None:
        """What is seen, as PNG."""
        self.settle()
        shot = self._call("Page.captureScreenshot", format="png")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def quit(self) -> None:
        """Ask the browser to end."""
        self._session = ""
        self._call("Browser.close")


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with one tab; it ends with the block."""
    program = next((p for p in map(shutil.which, _NAMES) if p), None)
    if program is None:
        raise RuntimeError("chromium is not installed: sudo apt-get install chromium")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # Descriptors 3 and 4 are the browser's; a shell moves ours there.
        shell = f'exec "$0" "$@" 3<&{to_browser} 4>&{to_us}'
        process = subprocess.Popen(
            ["bash", "-c", shell, program, *flags, f"--user-data-dir={folder}"],
            pass_fds=(to_browser, to_us),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        try:
            page = Page(from_browser, from_us)
            yield page
            page.quit()
        finally:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

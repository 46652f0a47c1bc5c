"""A browser to drive: Chromium through chromedriver's WebDriver protocol, with the standard library alone."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars"]
KEYS = {"Left": "\ue012", "Right": "\ue014", "Home": "\ue011", "End": "\ue010", "Tab": "\ue004", "Enter": "\ue007",
        "Space": " "}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Missing(Exception):
    """There is no browser here, or none that starts."""


def find_programs():
    """The paths of Chromium and chromedriver."""
    browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    browser = next((path for path in map(shutil.which, browsers) if path), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        raise Missing("no " + ("chromium" if not browser else "chromedriver (Debian: chromium-driver)"))
    return browser, driver


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    """Use it in a with statement. Extra flags are Chromium's."""

    def __init__(self, *flags):
        self.program, driver = find_programs()
        self.folder = tempfile.mkdtemp(prefix="tapegrad-browser-")
        self.address = "http://127.0.0.1:%d" % free_port()
        self.driver = subprocess.Popen([driver, "--port=" + self.address.rsplit(":", 1)[1]],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = None
        try:
            self.start(list(flags))
        except Exception:
            self.close()
            raise

    def start(self, flags):
        self.wait_for_driver()
        options = {"binary": self.program, "args": FLAGS + ["--user-data-dir=" + self.folder] + flags}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            reply = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except RuntimeError as error:
            raise Missing("the browser does not start: %s" % error) from error
        self.session = "/session/" + reply["sessionId"]

    def wait_for_driver(self):
        for _ in range(100):
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise Missing("chromedriver does not answer")

    def call(self, method, path, body=None):
        """One request; RuntimeError with the driver's message when it fails."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from error

    def post(self, path, body):
        return self.call("POST", self.session + path, body)

    def open(self, address):
        self.post("/url", {"url": address})

    def run(self, script, *arguments):
        """The value of a script, which has `return`."""
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=width < 600)

    def media(self, scheme, kind="screen"):
        self.devtools("Emulation.setEmulatedMedia", media=kind,
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def click(self, selector):
        element = self.post("/element", {"using": "css selector", "value": selector})
        self.post("/element/%s/click" % element[ELEMENT], {})

    def press(self, key):
        actions = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        self.post("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def picture(self, path, whole=False):
        """A PNG of the window, or of the whole page."""
        data = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole,
                             **({"clip": self.page_box()} if whole else {}))["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))

    def page_box(self):
        height = self.run("return document.documentElement.scrollHeight")
        return {"x": 0, "y": 0, "width": self.run("return innerWidth"), "height": height, "scale": 1}

    def log(self):
        """What the console has had since the last call: [{'level': 'SEVERE', 'message': …}]."""
        return self.post("/se/log", {"type": "browser"})

    def close(self):
        if self.session:
            try:
                self.call("DELETE", self.session)
            except (OSError, RuntimeError):
                pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def address_of(path):
    return "file://" + os.path.abspath(path)

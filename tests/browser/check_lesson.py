#!/usr/bin/env python3
"""Uses the page of a lesson as a reader does: check_lesson.py PAGE…

Steps forward and back by button, key, slider and drawing, switches conventions, looks at it narrow, dark, on paper and
with scripts off. Returns 77 where there is no browser to do it with."""

import re
import sys

import webdriver

# What the page shows: views, the index of the shown one, its visible steps, the one that the drawing marks.
STATE = """
const visible = e => e.checkVisibility();
const views = [...document.querySelectorAll('.view')], shown = views.filter(visible), view = shown[0];
const steps = [...view.querySelectorAll('.step')], now = view.querySelector('.stepping a.box.now');
const one = steps.filter(visible);
return {views: views.length, shown: shown.map(v => views.indexOf(v)), steps: steps.length,
        visible: one.map(s => steps.indexOf(s)), boxes: view.querySelectorAll('a.box').length,
        marked: now ? Number(now.dataset.step) : null,
        done: view.querySelectorAll('a.box.done').length,
        count: view.querySelector('.count') ? view.querySelector('.count').innerText : '',
        equation: one.length == 1 ? one[0].querySelector('.equation').textContent : '',
        spoken: view.querySelector('.spoken').textContent, hash: location.hash,
        controls: visible(view.querySelector('.controls')),
        pressed: view.querySelector('.all').getAttribute('aria-pressed'),
        ends: [...view.querySelectorAll('[data-go]')].map(b => b.getAttribute('aria-disabled'))};
"""

# Elements with text of their own whose contrast with what is behind them is below 4.5, or 3 where it is large.
CONTRAST = """
const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
const full = c => c.length == 3 ? [...c, 1] : c;
function behind(e) {
  const layers = [];
  for (; e; e = e.parentElement) layers.push(full(numbers(getComputedStyle(e).backgroundColor)));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
}
const light = c => c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const poor = [];
for (const e of document.querySelectorAll('body *')) {
  const words = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
  if (!words || !e.checkVisibility() || e.closest('script,.spoken,annotation')) continue;
  const style = getComputedStyle(e), ground = behind(e), ink = over(full(numbers(style.color)), ground);
  const a = light(ink) + .05, b = light(ground) + .05, ratio = Math.max(a, b) / Math.min(a, b);
  const large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) poor.push([e.tagName, e.className, e.textContent.slice(0, 20), ratio.toFixed(2)]);
}
return poor;
"""


class Failure(Exception):
    pass


def expect(truth, what):
    if not truth:
        raise Failure(what)


class Reader:
    def __init__(self, browser):
        self.browser = browser

    def state(self):
        return self.browser.run(STATE)

    def expect_step(self, index, after):
        """Exactly this step is shown, and everything says so."""
        s = self.state()
        where = "after %s: step %d wanted; shown %s" % (after, index, s)
        expect(s["visible"] == [index], where)
        expect(s["count"].split()[-3:] == [str(index + 1), "of", str(s["steps"])], where)
        expect(s["equation"].strip(), where)
        expect(s["ends"] == ["true" if index == end else "false" for end in (0, 0, s["steps"] - 1, s["steps"] - 1)], where)
        expect(s["marked"] == (index if s["boxes"] else None), where)
        return s

    def expect_spoken(self, s, index):
        expect(s["spoken"].startswith("Step %d: " % (index + 1)) and s["hash"].endswith("-s%d" % index), s)

    def button(self, view, name):
        self.browser.click("#v%d [data-go=%s]" % (view, name))

    def walk(self, view):
        """All steps by the buttons, forward and back."""
        s = self.expect_step(0, "the start of view %d" % view)
        seen = [s["equation"]]
        for i in range(1, s["steps"]):
            self.button(view, "forward")
            s = self.expect_step(i, "forward")
            self.expect_spoken(s, i)
            seen.append(s["equation"])
            expect(s["done"] <= i, s)
        expect(len(set(seen)) == len(seen), "two steps show the same equation in view %d" % view)
        self.button(view, "forward")
        self.expect_step(s["steps"] - 1, "forward at the end")
        for i in reversed(range(s["steps"] - 1)):
            self.button(view, "back")
            self.expect_step(i, "back")
        self.button(view, "last")
        self.expect_step(s["steps"] - 1, "last")
        self.button(view, "first")
        self.expect_step(0, "first")

    def use_keys(self, view):
        last = self.state()["steps"] - 1
        for key, index in (("Right", min(1, last)), ("Left", 0), ("Left", 0), ("End", last), ("Right", last), ("Home", 0)):
            self.browser.press(key)
            self.expect_step(index, "the key " + key)

    def use_slider(self, view):
        last = self.state()["steps"] - 1
        self.browser.run("document.querySelector('#v%d .controls input').focus()" % view)
        self.browser.press("End")
        self.expect_step(last, "End on the slider")
        self.browser.press("Left")
        self.expect_step(max(0, last - 1), "Left on the slider")
        self.browser.press("Home")
        self.expect_step(0, "Home on the slider")
        self.browser.run("document.activeElement.blur()")

    def use_links(self, view):
        s = self.state()
        for i in range(0, s["steps"], 3):
            if self.browser.run("return !!document.querySelector(arguments[0])", "#v%d a.box[data-step='%d']" % (view, i)):
                self.browser.click("#v%d a.box[data-step='%d'] div" % (view, i))
                self.expect_step(i, "a click on box %d" % i)
        links = self.browser.run("return [...document.querySelectorAll(arguments[0])].map(a => a.getAttribute('href'))",
                                 "#v%d .verdicts a" % view)
        for href in links[:3]:
            self.browser.click(".verdicts a[href='%s']" % href)
            self.expect_step(int(re.search(r"-s(\d+)$", href).group(1)), "the link " + href)
        self.button(view, "first")

    def use_all(self, view):
        self.browser.click("#v%d .all" % view)
        s = self.state()
        expect(s["visible"] == list(range(s["steps"])) and s["pressed"] == "true", s)
        self.browser.click("#v%d .all" % view)
        self.expect_step(0, "all steps, twice")

    def switch(self, view):
        self.browser.click("label[for=c%d]" % view)
        expect(self.state()["shown"] == [view], "convention %d: %s" % (view, self.state()))


def check_stepping(browser, page):
    reader = Reader(browser)
    browser.size(1280, 900)
    browser.open(page)
    views = reader.state()["views"]
    for view in range(views):
        if views > 1:
            reader.switch(view)
        reader.walk(view)
        reader.use_keys(view)
        reader.use_slider(view)
        reader.use_links(view)
        reader.use_all(view)
    return views


def check_switch(browser, page, views):
    """The step stays when the convention changes; the arrow keys on the switch change it; a link opens a step."""
    reader = Reader(browser)
    browser.open("about:blank")
    browser.open(page + "#v%d-s1" % (views - 1))
    s = reader.expect_step(1, "opening with #v%d-s1" % (views - 1))
    expect(s["shown"] == [views - 1], s)
    if views < 2:
        return
    reader.switch(0)
    reader.expect_step(1, "the switch to view 0")
    browser.run("document.querySelector('#c0').focus()")
    browser.press("Right")
    s = reader.expect_step(1, "Right on the switch")
    expect(s["shown"] == [1], s)


def check_looks(browser, page, views):
    for width in (1280, 768, 360):
        for scheme in ("light", "dark"):
            browser.size(width, 800)
            browser.media(scheme)
            browser.open(page)
            for view in range(views):
                browser.run("const c = document.querySelector('#c%d'); if (c) c.click();"
                            "document.querySelector('#v%d .all').click();" % (view, view))
                wide = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
                expect(wide[0] <= wide[1], "view %d scrolls sideways: %s" % (view, wide))
                poor = browser.run(CONTRAST) if width == 1280 else []
                expect(not poor, "poor contrast in %s: %s" % (scheme, poor[:5]))
    browser.size(1000, 800)
    browser.media("light", "print")
    browser.open(page)
    s = Reader(browser).state()
    expect(s["visible"] == list(range(s["steps"])) and not s["controls"], "on paper: %s" % s)
    browser.media("light")


def check_alone(browser, page):
    """Nothing is loaded, and the console stays empty."""
    loaded = browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
    expect(not loaded, "loaded: %s" % loaded)
    log = browser.log()
    expect(not log, "the console says %s" % log)


def check_without_scripts(browser, page, views):
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    reader = Reader(browser)
    for view in range(views):
        if views > 1:
            reader.switch(view)
        s = reader.state()
        expect(s["visible"] == list(range(s["steps"])) and not s["controls"] and s["marked"] is None,
               "without scripts: %s" % s)
    browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def check(path):
    page = webdriver.address_of(path)
    with webdriver.Browser() as browser:
        views = check_stepping(browser, page)
        check_switch(browser, page, views)
        check_looks(browser, page, views)
        check_alone(browser, page)
        check_without_scripts(browser, page, views)
    print("%s: %d views, as it should be" % (path, views))


def main():
    try:
        for path in sys.argv[1:]:
            check(path)
    except webdriver.Missing as missing:
        print("skipped:", missing)
        return 77
    except (Failure, RuntimeError) as failure:
        print("failed:", failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

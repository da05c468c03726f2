"""A real Chromium, driven by WebDriver, and what people and assistive technology see in it."""

import base64
import io
from pathlib import Path

from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "target/web-tools/node_modules/axe-core/axe.min.js"
# What WCAG 2.2 AA asks, and of AAA the contrast that the design asks.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Browser:
    """One browser with an own profile. Widths below Chromium's least window are emulated."""

    def __init__(self, profile, theme="light", scripts=True, width=1000, height=1400):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-quic",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.theme(theme)
        self.size(width, height)
        self.scripts(scripts)

    def theme(self, theme):
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def scripts(self, on):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})

    def size(self, width, height=1400):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, url):
        self.driver.get(url)

    @property
    def path(self):
        return "/" + self.driver.current_url.split("/", 3)[3]

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def heading(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def element(self, name):
        """The one link, button or field with this accessible name."""
        found = self.elements(name)
        assert len(found) == 1, f"{len(found)} elements are called {name!r} on {self.path}:\n{self.text()}"
        return found[0]

    def elements(self, name):
        every = self.driver.find_elements(By.CSS_SELECTOR, "a[href], button, input:not([type=hidden]), select, textarea, summary")
        return [one for one in every if one.is_displayed() and one.accessible_name.strip() == name]

    def click(self, name):
        """Clicks, and waits for the page that follows when one does."""
        element = self.element(name)
        before = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        if element_leaves(element):
            WebDriverWait(self.driver, 20).until(lambda _: gone(before))

    def fill(self, name, text):
        field = self.element(name)
        if field.get_attribute("type") in ("date", "time"):
            # Typing into these depends on the locale of the browser; their value does not.
            self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
            self.driver.execute_script("arguments[0].value = arguments[1]", field, text)
            return
        field.clear()
        field.send_keys(text)

    def wait_for_text(self, text, seconds=30):
        WebDriverWait(self.driver, seconds).until(lambda _: text in self.text(), f"{text!r} never came:\n{self.text()}")

    def tab_to(self, name, most=120):
        """Goes there by the Tab key alone, from wherever the focus is."""
        for _ in range(most):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            here = self.driver.switch_to.active_element
            if here.accessible_name.strip() == name:
                assert self.focus_is_seen(here), f"the focus on {name!r} cannot be seen"
                return here
        raise AssertionError(f"{most} times Tab never came to {name!r} on {self.path}")

    def press(self, name, key=Keys.ENTER):
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.tab_to(name).send_keys(key)
        WebDriverWait(self.driver, 20).until(lambda _: gone(before))

    def focus_is_seen(self, element):
        """An outline or a border that stands there only while it has the focus."""
        width = element.value_of_css_property("outline-width")
        style = element.value_of_css_property("outline-style")
        return style != "none" and float(width.removesuffix("px")) >= 2

    def axe(self):
        """What axe-core finds wrong with the page, one line each."""
        self.driver.execute_script(AXE.read_text())
        found = self.driver.execute_async_script(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, {runOnly: {type: "tag", values: arguments[0]},
                               rules: {"color-contrast-enhanced": {enabled: true}, "target-size": {enabled: true}}})
               .then(r => done(r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html} ${n.failureSummary}`))),
                     e => done([`axe itself: ${e}`]));
            """,
            AXE_TAGS,
        )
        return found

    def weak_text(self, least=7.0):
        """Texts whose colour stands out less from what lies behind them, by the formula of WCAG."""
        return self.driver.execute_script(CONTRAST, least)

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def complaints(self):
        """What the browser says against the page: refused by its policy, not found, failed scripts."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def pdf_pages(self, url):
        self.open(url)
        pdf = self.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        return PdfReader(io.BytesIO(base64.b64decode(pdf["data"])))

    def picture(self, path, full=True):
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": full, "format": "png"})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def quit(self):
        self.driver.quit()


def element_leaves(element):
    """Whether a click on it leads to another page."""
    try:
        return element.tag_name == "a" or element.get_attribute("type") == "submit"
    except Exception:  # It is gone with its page already.
        return True


def gone(element):
    try:
        element.is_enabled()
        return False
    except Exception:  # Selenium has several names for an element of a page that was left.
        return True


CONTRAST = """
const least = arguments[0], weak = [];
const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return {r: m[0], g: m[1], b: m[2], a: m[3] ?? 1}; };
const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const light = c => 0.2126 * channel(c.r) + 0.7152 * channel(c.g) + 0.0722 * channel(c.b);
const behind = e => {
  for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a === 1) return c; }
  return matchMedia("(prefers-color-scheme: dark)").matches ? {r: 18, g: 18, b: 18} : {r: 255, g: 255, b: 255};
};
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join("");
  if (!own || !e.checkVisibility({visibilityProperty: true}) || e.closest("svg")) continue;
  const box = e.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) continue;
  const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < least) weak.push(`${ratio.toFixed(2)}: ${own.slice(0, 60)}`);
}
return weak;
"""

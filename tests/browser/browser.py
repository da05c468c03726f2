"""A real Chromium, driven by WebDriver: what people do with it, and what they and assistive technology see in it."""

import base64
import io
from pathlib import Path

from pypdf import PdfReader
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "target/web-tools/node_modules/axe-core/axe.min.js"
# Digits typed into a date or a time go where they stand in this locale.
LOCALE = "en-US"
BUTTONS_AND_FIELDS = "a[href], button, input:not([type=hidden]), select, textarea, summary"


class Browser:
    """One browser with a profile of its own. Widths below Chromium's least window are emulated.

    What people do (`click`, `fill`, `tick`, `pick`) is done with the mouse, or by keys alone when `keyboard` is set.
    """

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-quic",
            f"--lang={LOCALE}", f"--user-data-dir={profile}",
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.as_new()

    def as_new(self):
        """As when it was opened first: known to nobody, scripts run, light, wide, a mouse."""
        self.command("Network.clearBrowserCookies")
        self.open("about:blank")
        self.keyboard = False
        self.clicks = 0
        self.theme("light")
        self.size()
        self.scripts(True)
        self.reads(LOCALE)
        self.complaints()

    def quit(self):
        self.driver.quit()

    def command(self, name, **about):
        return self.driver.execute_cdp_cmd(name, about)

    def theme(self, theme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def scripts(self, on):
        self.command("Emulation.setScriptExecutionDisabled", value=not on)

    def runs_scripts(self):
        self.open("data:text/html,<body>off<script>document.body.textContent = 'on'</script>")
        return self.text() == "on"

    def reads(self, languages):
        """The languages that it asks pages for."""
        agent = self.driver.execute_script("return navigator.userAgent")
        self.command("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=languages)

    def size(self, width=1000, height=1400):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    # Where it is, and what stands there.

    def open(self, url):
        self.driver.get(url)

    @property
    def path(self):
        return "/" + self.driver.current_url.split("/", 3)[3]

    def find(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def heading(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def says(self, text):
        assert text in self.text(), f"{text!r} does not stand on {self.path}:\n{self.text()}"

    def elements(self, name):
        every = self.find(BUTTONS_AND_FIELDS)
        return [one for one in every if one.accessible_name.strip() == name and one.is_displayed()]

    def element(self, name, among=1):
        """The one link, button or field with this accessible name, or the first of as many."""
        found = self.elements(name)
        assert len(found) == among, f"{len(found)} elements are called {name!r} on {self.path}:\n{self.text()}"
        return found[0]

    def value(self, name):
        """What stands in a field; of a list, what is read there."""
        field = self.element(name)
        return Select(field).first_selected_option.text if field.tag_name == "select" else field.get_attribute("value")

    def wait_until(self, condition, otherwise, seconds=30):
        # A page may become another while it is looked at.
        ignored = (StaleElementReferenceException, NoSuchElementException)
        wait = WebDriverWait(self.driver, seconds, poll_frequency=0.05, ignored_exceptions=ignored)
        wait.until(lambda _: condition(), otherwise)

    def wait_for_text(self, text, seconds=30):
        """Until it stands there, on this page or on one that it becomes by itself."""
        self.wait_until(lambda: text in self.text(), f"{text!r} never came", seconds)

    # What people do.

    def click(self, name, among=1):
        """A link or a button; waits for the page that follows, when one does."""
        self.clicks += 1
        element = self.tab_to(name) if self.keyboard else self.element(name, among)
        leaves = element.tag_name == "a" or element.get_attribute("type") == "submit"
        before = self.driver.find_element(By.TAG_NAME, "html")
        if self.keyboard:
            self.press(Keys.ENTER)
        else:
            element.click()
        if leaves:
            self.wait_until(lambda: gone(before), f"{name!r} led nowhere")

    def fill(self, name, text, among=1):
        """Types over what stands in a field. A date is said as 2026-05-14, a time as 08:00."""
        field = self.tab_to(name) if self.keyboard else self.element(name, among)
        kind = field.get_attribute("type")
        if kind in ("date", "time"):
            if not self.keyboard:
                # Where the first of its parts stands.
                left = 20 - field.size["width"] // 2
                ActionChains(self.driver).move_to_element_with_offset(field, left, 0).click().perform()
            self.press(as_typed(kind, text))
        else:
            if not self.keyboard:
                field.click()
            ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
            self.press(text or Keys.DELETE)
        assert field.get_attribute("value") == text, f"{name!r} holds {field.get_attribute('value')!r}, not {text!r}"

    def tick(self, name, among=1):
        """A box, or one of several dots."""
        wanted = self.element(name, among)
        if not self.keyboard:
            wanted.click()
        elif wanted.get_attribute("type") == "checkbox":
            self.tab_to(name)
            self.press(Keys.SPACE)
        else:
            # Tab comes to a group of dots, arrows go from dot to dot.
            group = self.find(f"input[type=radio][name={wanted.get_attribute('name')}]")
            here = self.tab_to(*[one.accessible_name.strip() for one in group])
            for _ in group:
                if here == wanted:
                    break
                self.press(Keys.ARROW_DOWN)
                here = self.driver.switch_to.active_element
            if not here.is_selected():
                self.press(Keys.SPACE)
            assert wanted.is_selected(), f"{name!r} could not be chosen"

    def pick(self, name, option):
        """One of a list."""
        if self.keyboard:
            field = self.tab_to(name)
            self.press(option)
        else:
            field = self.element(name)
            Select(field).select_by_visible_text(option)
        chosen = Select(field).first_selected_option.text
        assert chosen == option, f"{chosen!r} is chosen, not {option!r}"

    def press(self, keys):
        ActionChains(self.driver).send_keys(keys).perform()

    def tab_to(self, *names, most=150):
        """Goes there by the Tab key alone, from wherever the focus is."""
        for _ in range(most):
            self.press(Keys.TAB)
            here = self.driver.switch_to.active_element
            if here.tag_name != "body" and here.accessible_name.strip() in names:
                assert focus_is_seen(here), f"the focus on {names} cannot be seen"
                return here
        raise AssertionError(f"{most} times Tab never came to {names} on {self.path}")

    def send(self, action, **values):
        """Sends a form by its first button with these values in it, without hands: also what no hand would type."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.execute_script(SEND, action, values)
        self.wait_until(lambda: gone(before), f"{action} led nowhere")

    # What is to be seen.

    def unfold(self):
        """Opens everything on the page that can be opened."""
        self.driver.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")

    def axe(self):
        """What axe-core finds wrong with the page, one line each."""
        if not self.driver.execute_script("return Boolean(window.axe)"):
            self.driver.execute_script(AXE.read_text())
        return self.driver.execute_async_script(RUN_AXE)

    def weak_text(self, least=7.0):
        """Texts whose colour stands out less from what lies behind them, by the formula of WCAG."""
        return self.driver.execute_script(CONTRAST, least)

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def too_wide(self):
        """The innermost elements that reach out of the window."""
        return self.driver.execute_script(TOO_WIDE)

    def complaints(self):
        """What the browser says against the page: refused by its policy, not found, failed scripts."""
        said = [one["message"] for one in self.driver.get_log("browser") if one["level"] in ("SEVERE", "WARNING")]
        # A form that does not fit is answered with 422 and itself: an answer, and no complaint.
        return [message for message in said if "status of 422" not in message]

    def pdf(self):
        """The page as it is printed, with the browser's own settings."""
        printed = self.command("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return PdfReader(io.BytesIO(base64.b64decode(printed["data"])))

    def picture(self):
        """What is in the window, as PNG."""
        shot = self.command("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])


def gone(element):
    try:
        element.is_enabled()
        return False
    except WebDriverException:  # There are several names for an element of a page that was left.
        return True


def focus_is_seen(element):
    """An outline stands there while it has the focus."""
    style = element.value_of_css_property("outline-style")
    width = element.value_of_css_property("outline-width")
    return style != "none" and float(width.removesuffix("px")) >= 2


def as_typed(kind, text):
    """A date or a time as its field takes it in, key by key."""
    if kind == "date":
        year, month, day = text.split("-")
        return month + day + year
    hour, minute = map(int, text.split(":"))
    return f"{hour % 12 or 12:02}{minute:02}{'PM' if hour >= 12 else 'AM'}"


# WCAG 2.2 AA, and of AAA the contrast that the design asks for.
RUN_AXE = """
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"],
                   rules: {"color-contrast-enhanced": {enabled: true}, "target-size": {enabled: true}}})
   .then(r => done(r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html} ${n.failureSummary}`))),
         e => done([`axe itself: ${e}`]));
"""

TOO_WIDE = """
const out = e => { const box = e.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; };
return [...document.querySelectorAll("body *")].filter(e => out(e) && ![...e.children].some(out))
  .map(e => e.outerHTML.slice(0, 120));
"""

SEND = """
const form = [...document.forms].find(form => new URL(form.action).pathname === arguments[0]);
for (const [name, value] of Object.entries(arguments[1])) {
  for (const field of form.querySelectorAll(`[name="${name}"]`)) {
    if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
    else field.value = value;
  }
}
form.noValidate = true;
form.requestSubmit(form.querySelector("[type=submit]"));
"""

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

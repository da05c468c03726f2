"""Takes the pictures of docs/images anew, from the demo: target/venv/bin/python tests/browser/pictures.py"""

import tempfile

from browser import ROOT, Browser
from conftest import FIRST_START
from home import DEMO, Home

IMAGES = ROOT / "docs/images"
WIDTH = 720
# Name of the picture, page, language, theme.
PICTURES = [
    ("today", "/", "en", "light"),
    ("today-dark", "/", "en", "dark"),
    ("today-he", "/", "he", "light"),
    ("week", "/week?from={last_week}", "en", "light"),
    ("plan", "/plan", "en", "light"),
    ("diary", "/diary", "en", "light"),
    ("review", "/review", "en", "light"),
    ("band", "/band", "en", "light"),
]


def take(browser, name):
    """No taller than what stands on the page."""
    browser.size(WIDTH, 200)
    height = browser.driver.execute_script("return document.documentElement.scrollHeight")
    browser.size(WIDTH, height)
    (IMAGES / f"{name}.png").write_bytes(browser.picture())
    print(f"{name}.png")


def of_the_demo(browser):
    demo = Home(*DEMO, "--speed", "20")
    try:
        last_week = demo.ask("review")["from"]
        browser.open(demo.url)
        # A few minutes into the walk; README.md says how many the picture shows.
        browser.wait_until(lambda: browser.find(".number")[0].text == "7", "the walk never came")
        for name, page, language, theme in PICTURES:
            demo.ask("person", "set", "--language", language)
            browser.theme(theme)
            browser.open(demo.url + page.format(last_week=last_week))
            take(browser, name)
        demo.ask("person", "set", "--language", "en")
        browser.open(f"{demo.url}/print?from={last_week}")
        browser.theme("light")
        browser.command("Emulation.setEmulatedMedia", media="print")
        # The margins of the paper.
        browser.driver.execute_script("document.body.style.padding = '2rem'")
        take(browser, "print")
        browser.command("Emulation.setEmulatedMedia", media="screen")
    finally:
        demo.stop()


def of_a_first_start(browser):
    home = Home("run", settings=FIRST_START)
    try:
        browser.open(home.url + "/enter")
        browser.send("/enter", code=home.ask("web", "code")["code"])
        browser.open(home.url + "/setup")
        take(browser, "setup")
    finally:
        home.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            of_the_demo(browser)
            of_a_first_start(browser)
        finally:
            browser.quit()

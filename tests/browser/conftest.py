"""What the tests share: one browser for all of them, as new for each; and homes that are stopped afterwards."""

import pytest

from browser import Browser
from home import DEMO, Home

WAYS = ["mouse", "no script", "keyboard"]
# A counter that wants to be paired by its digits, and nothing set up.
FIRST_START = """
[clock]
wait_for_sync = "0s"
[web]
listen = "127.0.0.1:0"
lan_listen = "127.0.0.2"
[bluetooth]
radio = "simulated"
sync_every = "1h"
simulated_counter = "new.flash"
simulated_pairing = "digits"
"""


@pytest.fixture(scope="session")
def only_browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(only_browser):
    only_browser.as_new()
    yield only_browser
    assert only_browser.complaints() == []


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    """How somebody goes through the pages."""
    return request.param


@pytest.fixture
def person(browser, way):
    """The browser of somebody who goes that way."""
    browser.scripts(way != "no script")
    assert browser.runs_scripts() == (way != "no script")
    browser.keyboard = way == "keyboard"
    return browser


@pytest.fixture(scope="module")
def demo():
    """The demo of this file. Its day passes as slowly as ours: the walk of the evening is just ahead."""
    home = Home(*DEMO, "--speed", "1")
    yield home
    home.stop()


@pytest.fixture(scope="module")
def demo_of_way(way):
    """A demo for each way: what is decided once a week is decided in each."""
    home = Home(*DEMO, "--speed", "1")
    yield home
    home.stop()


@pytest.fixture
def first_start():
    home = Home("run", settings=FIRST_START)
    yield home
    home.stop()


def enter(browser, home):
    """In by a code, as once for each browser; in whatever language."""
    browser.open(home.url + "/enter")
    code, open_it = browser.find("input[name=code]")[0], browser.find("button")[0]
    browser.fill(code.accessible_name, home.ask("web", "code")["code"])
    browser.click(open_it.accessible_name)

"""Today while somebody walks."""

import pytest

from home import DEMO, Home


@pytest.fixture
def walk():
    """The walk of the evening, a minute a second."""
    home = Home(*DEMO, "--speed", "60")
    yield home
    home.stop()


def number(browser):
    return int(browser.find(".number")[0].text)


def test_the_number_grows_by_itself(browser, walk):
    browser.open(walk.url)
    before = number(browser)
    browser.driver.execute_script("window.untouched = true")

    browser.wait_until(lambda: number(browser) > before, "the number never grew")

    assert browser.driver.execute_script("return window.untouched"), "the page was not asked for anew"
    assert browser.find(".number")[0].get_attribute("aria-live") == "polite"
    assert browser.find("[data-live=bar-of]")[0].text.startswith(browser.find(".number")[0].text)


def test_without_scripts_the_page_is_whole_and_grows_when_it_is_asked_for_again(browser, walk):
    browser.scripts(False)
    browser.open(walk.url)
    before = number(browser)

    def asked_again():
        browser.open(walk.url)
        return number(browser) > before

    browser.wait_until(asked_again, "the number never grew")

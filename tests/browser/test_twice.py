"""What happens to people: they press twice, go back and press again, and come back to a page of yesterday."""


def swims(demo):
    return [entry for entry in demo.ask("diary", "list")["entries"] if entry["kind"] == "swim"]


def test_a_swim_that_is_sent_again_from_the_page_before_is_noted_once(browser, demo):
    before = len(swims(demo))
    browser.open(demo.url + "/diary/new?kind=swim")
    browser.click("45 minutes")

    browser.driver.back()
    browser.wait_for_text("how long?")
    browser.click("45 minutes")

    browser.says("45 minutes of swimming")
    assert len(swims(demo)) == before + 1


def test_a_swim_whose_button_is_pressed_twice_is_noted_once(browser, demo):
    before = len(swims(demo))
    browser.open(demo.url + "/diary/new?kind=swim")
    button = browser.element("20 minutes")
    browser.driver.execute_script("arguments[0].click(); arguments[0].click();", button)
    browser.wait_for_text("Noted: 20 minutes of swimming")

    assert len(swims(demo)) == before + 1


def test_a_plan_that_changed_meanwhile_is_not_overwritten_by_an_old_page(browser, demo):
    browser.open(demo.url + "/plan/change")
    browser.fill("My plan in my own words", "typed on an old page")
    demo.ask("goal", "set", "--measure", "leisure_brisk_min", "--amount", "25", "--per", "day")

    browser.click("Set this plan")

    browser.says("The plan changed while this page was open. What you wrote is kept here: send it once more to set it.")
    assert browser.value("My plan in my own words") == "typed on an old page"
    assert demo.ask("goal", "show")["amount"] == 25
    browser.click("Set this plan")
    browser.says("typed on an old page")


def test_a_form_from_before_the_program_began_anew_is_kindly_refused(browser, demo):
    browser.open(demo.url + "/diary/new?kind=swim")
    before = len(swims(demo))
    browser.driver.execute_script("for (const one of document.getElementsByName('token')) one.value = 'f'.repeat(64)")

    browser.click("10 minutes")

    browser.says("This page is from an earlier visit, so nothing was changed. Load it again and send it once more.")
    assert any("403" in message for message in browser.complaints())
    assert len(swims(demo)) == before

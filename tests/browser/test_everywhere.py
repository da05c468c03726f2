"""Every page in every state, in both languages and both themes: axe-core finds nothing, text stands out 7 : 1, nothing
scrolls sideways at 320 px (which is what 1280 px are at 400 %), the browser does not complain."""

from datetime import date, timedelta

import pytest

from conftest import FIRST_START, enter
from home import DEMO, Home

LANGUAGES = {"en": "ltr", "he": "rtl"}
NARROW = 320

PAGES = [
    "/", "/week", "/plan", "/plan/change", "/diary", "/diary/new", "/diary/new?kind=swim", "/review", "/band", "/print",
    "/privacy", "/privacy/erase", "/setup", "/setup/person", "/setup/own-time", "/setup/band", "/setup/check",
    "/setup/check/report", "/setup/network", "/choice", "/check-in", "/check-in/thanks",
]
FULL_HOME = [
    "/week?from={last_week}", "/diary/edit?id=demo-1", "/diary?id=demo-1", "/review?from={last_week}",
    "/setup/band/assign?device={counter}", "/setup/band/forget?device={counter}",
]
# Forms with what does not fit, each with the page that it stands on.
MISFITS = [
    ("/plan/change", "/plan/change", {"amount": "900", "confidence": "11", "review_on": "2020-01-01", "own_words": "א" * 501}),
    ("/plan", "/plan/pause", {"until": ""}),
    ("/diary/edit?id=demo-1", "/diary", {"minutes": "", "date": "2099-01-01"}),
    ("/setup/own-time", "/setup/own-time", {"work-1-from": "16:00", "work-1-to": "08:00", "sleep-from": "22:00"}),
    ("/setup/person", "/setup/person", {"label": "x" * 501}),
    ("/choice", "/choice", {"date": "2020-01-01", "situation": "", "choice": ""}),
    ("/check-in", "/check-in/set", {"on": "rmdq-en", "every-rmdq-en": "999"}),
    ("/privacy/erase", "/privacy/erase", {"confirm": "somebody else"}),
    ("/setup/band/assign?device={counter}", "/setup/band/assign", {"from": "2099-01-01"}),
]


def look_at(browser, wrong, state):
    """Notes everything that is not as it should be with the page that is open."""
    where = f"{state} {browser.path}"
    language = browser.find("html")[0].get_attribute("lang")
    direction = browser.find("html")[0].get_attribute("dir")
    if LANGUAGES.get(language) != direction:
        wrong.append(f"{where}: lang={language} dir={direction}")
    if len(browser.find("h1")) != 1:
        wrong.append(f"{where}: {len(browser.find('h1'))} headings of the first level")
    browser.unfold()
    for theme in ("light", "dark"):
        browser.theme(theme)
        wrong += [f"{where} ({theme}): {found}" for found in browser.axe()]
        wrong += [f"{where} ({theme}): text stands out {found}" for found in browser.weak_text()]
    browser.size(NARROW)
    if browser.overflow() > 0:
        wrong.append(f"{where}: {browser.overflow()} px too wide for {NARROW} px: {browser.too_wide()}")
    browser.size()
    return language


def all_of(browser, home, pages, state, wrong, language):
    for page in pages:
        browser.open(home.url + page)
        if look_at(browser, wrong, state) != language:
            wrong.append(f"{state} {page}: not in {language}")


def speak(home, language):
    home.ask("person", "set", "--language", language)


@pytest.fixture(scope="module")
def lived_in(demo):
    """The demo with everything on it that a person may have."""
    demo.ask("choice", "plan", "--situation", "on the way home", "--choice", "get off one stop earlier 🚏 תחנה")
    demo.ask("check-in", "on", "pain")
    return demo


@pytest.fixture(scope="module")
def paused(lived_in):
    """The same person in a pause, with other questions to answer."""
    lived_in.ask("check-in", "on", "rmdq-en")
    lived_in.ask("check-in", "off", "pain")
    lived_in.ask("goal", "pause", "--until", (date.today() + timedelta(days=9)).isoformat())
    return lived_in


@pytest.fixture(scope="module")
def places(demo):
    week = demo.ask("week")
    return {"last_week": week["from"], "counter": demo.ask("status")["counters"][0]["id"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_home_that_is_lived_in(browser, lived_in, places, language):
    wrong = []
    speak(lived_in, language)
    all_of(browser, lived_in, PAGES + [page.format(**places) for page in FULL_HOME], "lived in", wrong, language)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_not_fit(browser, lived_in, places, language):
    wrong = []
    speak(lived_in, language)
    for page, action, values in MISFITS:
        browser.open(lived_in.url + page.format(**places))
        browser.send(action, **values)
        assert browser.find(".problem"), f"{action} took {values}:\n{browser.text()}"
        look_at(browser, wrong, "what does not fit:")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paused_plan_and_a_questionnaire(browser, paused, language):
    wrong = []
    speak(paused, language)
    all_of(browser, paused, ["/", "/week", "/plan", "/review", "/print", "/check-in"], "paused", wrong, language)
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def new_home():
    home = Home("run", settings=FIRST_START)
    yield home
    home.stop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_home_without_a_band_and_the_way_in(browser, new_home, language):
    wrong = []
    speak(new_home, language)
    browser.reads(language)
    browser.open(new_home.url + "/enter")
    assert look_at(browser, wrong, "outside") == language
    browser.send("/enter", code="1111-1111")
    assert browser.find(".problem")
    assert look_at(browser, wrong, "wrong code") == language
    enter(browser, new_home)
    all_of(browser, new_home, PAGES, "no band", wrong, language)
    new_home.ask("web", "expose", "lan")
    all_of(browser, new_home, ["/", "/setup", "/setup/network", "/privacy"], "exposed", wrong, language)
    assert browser.find(".exposed"), "the banner stands on every page"
    new_home.ask("web", "expose", "off")
    assert not wrong, "\n".join(wrong)


def test_the_questions_of_pairing(browser, new_home):
    wrong = []

    def in_both_languages(state):
        for language in LANGUAGES:
            speak(new_home, language)
            browser.open(new_home.url + "/setup/band")
            look_at(browser, wrong, f"{state}, {language}")

    enter(browser, new_home)
    browser.open(new_home.url + "/setup/band")
    browser.send("/setup/band/scan")
    browser.wait_until(lambda: browser.find("[action='/setup/band/pair']"), "no band was heard")
    in_both_languages("heard")
    browser.send("/setup/band/pair", **{"from": "2099-01-01", "label": "x" * 41})
    look_at(browser, wrong, "heard, and it does not fit")
    browser.send("/setup/band/pair", **{"from": "", "label": ""})
    browser.wait_until(lambda: browser.find("#digits"), "no digits were asked for")
    in_both_languages("digits")
    browser.send("/setup/band/answer", digits="12 ab")
    look_at(browser, wrong, "digits that do not fit")
    browser.open(new_home.url + "/setup/band")
    browser.send("/setup/band/answer", digits="000000")
    browser.wait_until(lambda: browser.find("[action='/setup/band/scan']"), "the wrong digits were not refused")
    in_both_languages("refused")
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def studied():
    """Somebody with a band, a plan and a diary."""
    home = Home("run", settings=FIRST_START.replace("digits", "none"))
    home.ask("device", "pair")
    home.ask("goal", "set", "--measure", "leisure_min", "--amount", "20", "--own-words", "to the lake 🌲 אל האגם")
    home.ask("diary", "add", "swim", "30", "--when", "yesterday")
    yield home
    home.stop()


@pytest.fixture(scope="module", params=["blinded", "steps-only"])
def shown_less(request, studied):
    """As a study shows them less."""
    studied.end()
    studied.change_settings(lambda text: f'{text.split("[[person]]")[0]}[[person]]\ndisplay = "{request.param}"\n')
    studied.start("run")
    return request.param, studied


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_whom_a_study_shows_less(browser, shown_less, language):
    display, home = shown_less
    wrong = []
    speak(home, language)
    enter(browser, home)
    all_of(browser, home, ["/", "/week", "/plan", "/plan/change", "/diary", "/review", "/band", "/print", "/privacy"], display, wrong, language)
    browser.open(home.url)
    assert bool(browser.find(".number")) == (display == "steps-only")
    assert not wrong, "\n".join(wrong)


def test_an_address_without_a_page(browser, lived_in):
    wrong = []
    browser.open(lived_in.url + "/no/such/page")
    look_at(browser, wrong, "missing")
    assert not wrong, "\n".join(wrong)
    assert ["404" in one for one in browser.complaints()] == [True]


def test_the_look_at_a_page_finds_what_is_wrong(browser, lived_in):
    browser.open(lived_in.url + "/diary/new?kind=swim")
    browser.driver.execute_script(PLANTED)

    wrong = []
    look_at(browser, wrong, "planted")

    for fault in ("label:", "image-alt:", "html-has-lang:", "color-contrast-enhanced:", "stands out 4.6", "px too wide", "lang= dir=", "2 headings"):
        assert any(fault in one for one in wrong), f"{fault} was not found in {wrong}"


PLANTED = """
document.documentElement.removeAttribute("lang");
const add = html => document.querySelector("main").insertAdjacentHTML("beforeend", html);
add("<h1>again</h1><input type=text><img src='/assets/icon.svg'>");
const faint = document.createElement("p");
faint.textContent = "faint";
faint.style.color = "#757575";
faint.style.width = "400px";
document.querySelector("main").append(faint);
"""

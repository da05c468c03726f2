"""The week on one side of A4, also one with more in it than there is room for."""

import pytest

A4_MM = (210, 297)
WORDS = "Walk to the lake and back, slowly at first; ask Dana whether she comes along. "


@pytest.fixture(scope="module")
def full_week(demo):
    """A plan in many words and a diary of a busy week; gives its days."""
    demo.ask(
        "goal", "set", "--measure", "leisure_min", "--amount", "30", "--per", "day", "--days", "mon,wed,fri",
        "--own-words", WORDS * 6, "--when-where", WORDS * 6, "--reason", WORDS * 6,
    )
    for place in range(14):
        demo.ask("diary", "add", "swim", f"{20 + place}", "--note", WORDS)
    return demo


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_week_prints_on_one_side_of_a4(browser, full_week, language):
    full_week.ask("person", "set", "--language", language)

    browser.open(full_week.url + "/print")
    assert browser.find("html")[0].get_attribute("lang") == language
    printed = browser.pdf()

    assert len(printed.pages) == 1
    sides = [float(side) / 72 * 25.4 for side in printed.pages[0].mediabox[2:]]
    assert sides == pytest.approx(A4_MM, abs=1)
    if language == "en":
        text = printed.pages[0].extract_text()
        assert all(heading in text for heading in ("My week", "My plan", "My diary"))
        assert "Ctrl and P" not in text and "Privacy" not in text, "what can only be pressed is left out"

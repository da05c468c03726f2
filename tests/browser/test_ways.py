"""What people do every day, on the demo: with a mouse, without scripts, by keys alone."""

import datetime

import pytest


@pytest.fixture
def today(person, demo_of_way):
    """The page Today, open."""
    person.open(demo_of_way.url)
    return person


def tomorrow(days=1):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def test_today_is_a_number_a_plan_and_a_sentence(today, demo_of_way):
    told = demo_of_way.ask("today")

    assert today.find(".number")[0].text == str(told["done"])
    today.says("minutes of brisk walking in your own time")
    today.says(f"Your plan for today: {told['target']} minutes.")
    today.says("to go if you feel like it.")
    today.says("Last heard from your band:")


@pytest.mark.parametrize("width, height", [(1000, 700), (320, 568)])
def test_number_plan_and_sentence_stand_on_the_first_screen(today, width, height):
    today.size(width, height)

    for part in ("number", "plan", "sentence"):
        element = today.find(f"[data-live={part}]")[0]
        assert element.rect["y"] + element.rect["height"] <= height, f"{part} stands below the first screen"


def test_a_proposal_is_accepted_and_counts_from_the_next_week(today):
    today.click("Review")
    today.says("What went well")
    offered = {one.find_element("tag name", "h3").text: one for one in today.find("article.card")}
    other = "A little more" if "A little more" in offered else "A little less"
    size = offered[other].find_elements("tag name", "p")[0].text

    today.click("Take this")
    today.says(f"You chose: {size}.")
    assert not today.elements("Take this"), "what was chosen is not offered again"

    today.click("My plan")
    history = today.find("table tbody tr")
    assert size in history[0].text and len(history) == 2


def test_a_swim_takes_three_clicks_and_can_be_changed_and_taken_out(today):
    before = today.clicks
    today.click("Add activity")
    today.click("swimming")
    today.click("30 minutes")
    assert today.clicks - before <= 3
    today.says("It counts.")

    noted = [one for one in today.find("section.card") if "30 minutes of swimming" in one.text]
    assert len(noted) == 2, "one of the demo, one of now"
    today.click("Change: 30 minutes of swimming", among=2)
    today.fill("Minutes", "35")
    today.fill("A few words of your own", "עם דנה 🏊 in the lake")
    today.click("Note it")
    today.says("35 minutes of swimming")
    today.says("עם דנה 🏊 in the lake")

    today.click("Take out: 35 minutes of swimming")
    assert "35 minutes of swimming" not in today.text()


def test_a_plan_is_paused_and_goes_on(today):
    until = tomorrow(3)

    today.click("Pause my plan")
    today.fill("Until the end of", until)
    today.click("Pause")
    today.says("Your plan is paused until the end of")

    today.click("Go on with my plan")
    assert "paused" not in today.text()


def test_a_goal_of_900_minutes_gets_a_kind_sentence_and_nothing_typed_is_lost(today):
    own = "🌲 walk to the lake — אל האגם"
    today.click("My plan")
    today.click("Change my plan")
    today.fill("My plan in my own words", own)
    today.fill("When and where", "after lunch")
    today.fill("How much", "900")
    today.tick("Sunday")
    today.fill("Look at it again on", tomorrow(14))
    today.fill("How sure I am", "8")
    today.tick("I am thinking about it")
    today.click("Set this plan")

    today.says("900 does not look like a plan; 1 to 300 minutes per day can be chosen.")
    amount = today.element("How much")
    beside = [one for one in today.find("#amount-problem") if "900" in one.text]
    assert beside and "amount-problem" in amount.get_attribute("aria-describedby")
    assert amount.get_attribute("aria-invalid") == "true"
    kept = {
        "My plan in my own words": own,
        "When and where": "after lunch",
        "How much": "900",
        "Look at it again on": tomorrow(14),
        "How sure I am": "8",
    }
    assert {name: today.value(name) for name in kept} == kept
    assert not today.element("Sunday").is_selected()
    assert today.element("I am thinking about it").is_selected()

    today.fill("How much", "20")
    today.click("Set this plan")
    assert today.path == "/plan"
    today.says(own)
    today.says("20 minutes of brisk walking in your own time a day, on Monday, Tuesday")
    today.click("Today")
    today.says("20 minutes")

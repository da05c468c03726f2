"""From the first start to the first total, all on the pages, with a counter that shows six digits."""

import zoneinfo
from datetime import datetime

from conftest import enter


def shown_by(home):
    """The digits that the simulated counter shows."""
    return (home.folder / "new.digits").read_text().strip()


def test_a_helper_comes_from_the_first_start_to_the_first_total(person, first_start):
    home = first_start
    enter(person, home)
    person.says("No band belongs here yet.")

    person.click("Set up")
    person.click("Change it: 1. The person")
    person.fill("What these pages call you", "Ruth רות 🌻")
    person.pick("Time zone", "Europe/Oslo")
    person.click("Save")
    person.says("These pages are for Ruth רות 🌻. Days begin and end in the time zone Europe/Oslo.")

    person.click("Change it: 2. Own time")
    person.tick("Monday")
    person.fill("From", "16:30", among=2)
    person.fill("To", "08:00", among=2)
    person.click("Save")
    person.says("The end comes before the start.")
    begins = person.element("From", among=2)
    assert begins.get_attribute("value") == "16:30" and person.element("Monday").is_selected(), "all is kept"
    person.fill("From", "08:00", among=2)
    person.fill("To", "16:30", among=2)
    person.click("Save")
    person.says("Working hours or sleep are set.")

    person.click("Find the band: 3. The band")
    person.click("Listen for the band")
    person.wait_for_text("Which band is it?")
    person.fill("What you call it", "blue band")
    person.click("Pair this band")
    person.wait_for_text("Type the six digits that the band shows")
    person.fill("Six digits", "12345")
    person.click("These are the digits")
    person.says("The band shows six digits; here are 5.")
    person.fill("Six digits", shown_by(home))
    person.click("These are the digits")
    person.wait_for_text("The band is paired ✓")

    person.click("Go on")
    person.wait_for_text("Everything is set up. Nothing more is needed.")
    person.click("See today: 4. The first reading")
    today = datetime.now(zoneinfo.ZoneInfo("Europe/Oslo"))
    assert today.strftime("%A") in person.heading() and str(today.day) in person.heading()
    first_total = home.ask("today")["row"]
    assert person.find(".number")[0].text == f"{first_total['leisure_brisk_min']:,}"
    assert person.find("[data-live=today-row-steps]")[0].text == f"{first_total['total_steps']:,}"
    person.says("Last heard from your band:")


    person.click("Setup")
    person.click("Look at everything: 6. A last look")
    person.says("All is well.")

//! Our own pictures: bars in SVG. Each has a title and a description, and never stands alone: the page has the same
//! numbers in words and in a table.
//!
//! Lengths along a bar are percentages and everything else is in `em`, so a picture is as wide as there is room, its
//! letters stay as large as those of the page, and nothing has to be scrolled. From right to left a bar begins at
//! the right.

use maud::{Markup, html};
use serde::Serialize;

use crate::words::Language;

/// Where a part of a bar lies, in percent of its length, as SVG wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    x: String,
    width: String,
}

/// How many minutes or steps a bar is long, and from which side it begins.
#[derive(Clone, Copy, Debug)]
struct Scale {
    most: u32,
    rtl: bool,
}

impl Scale {
    fn percent(self, value: u32) -> f64 {
        100.0 * f64::from(value.min(self.most)) / f64::from(self.most.max(1))
    }

    fn place(self, from: u32, to: u32) -> Place {
        let (start, end) = (self.percent(from), self.percent(to).max(self.percent(from)));
        let x = if self.rtl { 100.0 - end } else { start };
        Place { x: format!("{x:.2}%"), width: format!("{:.2}%", end - start) }
    }

    /// Where a thin mark lies.
    fn mark(self, at: u32) -> String {
        let at = self.percent(at);
        format!("{:.2}%", if self.rtl { 100.0 - at } else { at })
    }
}

/// What was done of a plan, measured and from the diary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayBar {
    /// Measured.
    pub measured: u32,
    /// From the diary, where the plan counts it.
    pub diary: u32,
    /// Planned.
    pub target: u32,
}

/// The parts of a day's bar that change while it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayBarPlaces {
    measured: Place,
    diary: Place,
    target: Place,
}

impl DayBar {
    /// Where its parts lie.
    pub fn places(self, language: Language) -> DayBarPlaces {
        let done = self.measured.saturating_add(self.diary);
        let scale = Scale { most: done.max(self.target), rtl: language.direction() == "rtl" };
        DayBarPlaces {
            measured: scale.place(0, self.measured),
            diary: scale.place(self.measured, done),
            target: scale.place(0, self.target),
        }
    }

    /// The bar, with what it shows in words. `live` marks the parts that a script may move.
    pub fn draw(self, language: Language, title: &str, words: &str, live: bool) -> Markup {
        let places = self.places(language);
        let of = |part: &'static str| live.then_some(part);
        html! {
            svg.bar role="img" aria-labelledby="bar-title bar-words" height="2em" {
                title id="bar-title" { (title) }
                desc id="bar-words" data-live=[of("bar-words")] { (words) }
                (stripes())
                rect.track x="0" y="0.25em" width="100%" height="1.5em" {}
                rect.brisk data-live-bar=[of("measured")] x=(places.measured.x) y="0.25em"
                    width=(places.measured.width) height="1.5em" {}
                (diary(&places.diary, "0.25em", "1.5em", of("diary")))
                // The plan is a frame from the beginning to where it is reached.
                rect.plan data-live-bar=[of("target")] x=(places.target.x) y="0" width=(places.target.width)
                    height="2em" {}
            }
        }
    }
}

/// A part from the diary: patterned, and a little apart from what was measured.
fn diary(place: &Place, y: &str, height: &str, live: Option<&str>) -> Markup {
    html! {
        svg data-live-bar=[live] x=(place.x) width=(place.width) y=(y) height=(height) {
            rect.diary width="100%" height="100%" {}
            rect.striped width="100%" height="100%" fill="url(#stripes)" {}
            rect.gap width="2" height="100%" {}
            rect.gap x="100%" width="2" height="100%" transform="translate(-2)" {}
        }
    }
}

/// The patterns. One picture of a page defines them for all.
fn stripes() -> Markup {
    html! {
        defs {
            pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                line.stripe x1="4" y1="0" x2="4" y2="8" {}
            }
            pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)" {
                line.hatch x1="4" y1="0" x2="4" y2="8" {}
            }
        }
    }
}

/// A day in the picture of a week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekBar {
    /// Its name.
    pub name: String,
    /// Its numbers and its word.
    pub words: String,
    /// What is drawn.
    pub drawn: Drawn,
    /// What was planned for it.
    pub target: Option<u32>,
}

/// What is drawn of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Nothing: the day is open, and its word says so.
    Nothing,
    /// So much was measured, and so much stands in the diary.
    Known {
        /// Measured.
        measured: u32,
        /// From the diary.
        diary: u32,
    },
    /// There were steps and nobody can tell how fast.
    CannotTell,
}

/// The height of one day in the picture of a week, em.
const ROW_EM: f64 = 3.0;

/// Seven bars, one below the other, with the name and the words of each above it.
pub fn week(language: Language, title: &str, days: &[WeekBar]) -> Markup {
    let most = days.iter().map(longest).max().unwrap_or(0).max(1);
    let scale = Scale { most, rtl: language.direction() == "rtl" };
    let rows = f64::from(u32::try_from(days.len()).unwrap_or(0));
    // Where lines of text begin and end: at the other side from right to left.
    let (start, end) = if scale.rtl { ("100%", "0") } else { ("0", "100%") };
    let sentence = |day: &WeekBar| format!("{}: {}", day.name, day.words);
    html! {
        svg.bar role="img" aria-labelledby="week-title week-words" height={ (rows * ROW_EM) "em" } {
            title id="week-title" { (title) }
            desc id="week-words" { (days.iter().map(sentence).collect::<Vec<_>>().join(". ")) }
            (stripes())
            @for (row, day) in (0_u32..).zip(days) {
                svg y={ (f64::from(row) * ROW_EM) "em" } width="100%" height={ (ROW_EM) "em" } overflow="visible" {
                    text x=(start) y="1.1em" { (day.name) }
                    text.strong x=(end) y="1.1em" text-anchor="end" { (day.words) }
                    line.base x1="0" x2="100%" y1="2.4em" y2="2.4em" {}
                    @match day.drawn {
                        Drawn::Nothing => {}
                        Drawn::Known { measured, diary: noted } => {
                            @let brisk = scale.place(0, measured);
                            rect.brisk x=(brisk.x) width=(brisk.width) y="1.4em" height="1em" {}
                            @if noted > 0 {
                                (diary(&scale.place(measured, measured.saturating_add(noted)), "1.4em", "1em", None))
                            }
                        }
                        Drawn::CannotTell => {
                            rect.unknown x="0" width="100%" y="1.4em" height="1em" fill="url(#hatch)" {}
                        }
                    }
                    @if let Some(target) = day.target {
                        @let at = scale.mark(target);
                        line.halo x1=(at) x2=(at) y1="1.4em" y2="2.4em" {}
                        line.target x1=(at) x2=(at) y1="1.25em" y2="2.55em" {}
                    }
                }
            }
        }
    }
}

fn longest(day: &WeekBar) -> u32 {
    let drawn = match day.drawn {
        Drawn::Known { measured, diary } => measured.saturating_add(diary),
        Drawn::Nothing | Drawn::CannotTell => 0,
    };
    drawn.max(day.target.unwrap_or(0))
}

/// A small piece of a picture, for the line that says what its parts mean.
pub fn sample(part: Sample) -> Markup {
    html! {
        svg.bar aria-hidden="true" height="1em" {
            @match part {
                Sample::Brisk => { rect.brisk width="100%" height="100%" {} }
                Sample::Diary => { (diary(&Place { x: "0".to_owned(), width: "100%".to_owned() }, "0", "100%", None)) }
                Sample::Target => { line.target x1="50%" x2="50%" y1="0" y2="100%" {} }
                Sample::CannotTell => { rect.unknown width="100%" height="100%" fill="url(#hatch)" {} }
            }
        }
    }
}

/// Which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Measured.
    Brisk,
    /// From the diary.
    Diary,
    /// The plan.
    Target,
    /// Steps without minutes.
    CannotTell,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: &str, width: &str) -> Place {
        Place { x: x.to_owned(), width: width.to_owned() }
    }

    #[test]
    fn a_bar_fills_as_the_plan_is_done_and_begins_at_the_right_in_hebrew() {
        let bar = DayBar { measured: 12, diary: 3, target: 20 };

        let (en, he) = (bar.places(Language::En), bar.places(Language::He));

        assert_eq!((en.measured, en.diary), (place("0.00%", "60.00%"), place("60.00%", "15.00%")));
        assert_eq!((he.measured, he.diary), (place("40.00%", "60.00%"), place("25.00%", "15.00%")));
    }

    #[test]
    fn more_than_planned_fills_the_bar_and_the_plan_lies_within() {
        let places = DayBar { measured: 40, diary: 0, target: 20 }.places(Language::En);

        assert_eq!((places.measured, places.target), (place("0.00%", "100.00%"), place("0.00%", "50.00%")));
        let none = DayBar { measured: 0, diary: 0, target: 0 }.places(Language::En);
        assert_eq!(none.measured, place("0.00%", "0.00%"));
        DayBar { measured: u32::MAX, diary: u32::MAX, target: 1 }.places(Language::En);
    }

    #[test]
    fn nothing_is_drawn_for_an_open_day_but_its_word() {
        let day = |drawn| WeekBar { name: "Monday".to_owned(), words: "open".to_owned(), drawn, target: None };

        let open = week(Language::En, "Week", &[day(Drawn::Nothing)]).into_string();
        let told = week(Language::En, "Week", &[day(Drawn::Known { measured: 5, diary: 5 })]).into_string();

        assert!(!open.contains("<rect") && open.contains(">open</text>"), "{open}");
        assert!(open.contains("role=\"img\"") && open.contains("<desc id=\"week-words\">Monday: open</desc>"));
        assert_eq!(told.matches("class=\"brisk\"").count(), 1);
        assert_eq!(told.matches("url(#stripes)").count(), 1);
        assert!(!told.contains("style="), "the policy of the pages lets no style through that is not in the sheet");
    }
}

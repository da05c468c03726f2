//! What holds for every page: whole, escaped, in order, small, and never zero for what is not known.

#![cfg(test)]

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::{
    aggregate::{DayInput, day_total},
    model::{DayTotal, Flags, Minute, MinuteWear, Rules},
    time::{Calendar, Zone},
};

const FIRST: i64 = 16_903 * 1440;

fn id(text: &str) -> ParticipantId {
    text.parse().unwrap()
}

/// A day of these minutes, absent ones being `None`, so many days after 2016-04-12.
fn day(who: &str, after: i64, cadence: &[Option<u16>]) -> DayTotal {
    let start = FIRST + after * 1440;
    let minute = |(at, steps): (i64, &Option<u16>)| {
        steps.map(|steps| Minute {
            at,
            steps: steps.into(),
            wear: MinuteWear::Unknown,
            saturated: false,
            overlap: false,
        })
    };
    let minutes: Vec<_> = (start..).zip(cadence).filter_map(minute).collect();
    day_total(&DayInput {
        participant: &id(who),
        day: &Calendar::midnight(Zone::AS_IT_STANDS).day_at(start * 60),
        day_index: 1,
        brisk_threshold: 100,
        rules: &Rules::brisk_1(),
        rules_hash: "",
        windows: None,
        minutes: crate::aggregate::series::SeriesBuf::of(&minutes).view(),
        coarse: &[],
        device_day_steps: None,
        now_s: None,
        source_device: None,
        epoch_seconds_max: 60,
        extra_flags: &[],
    })
}

fn picture(who: &str, days: &[Vec<Option<u16>>]) -> PersonPicture {
    let mut picture = PersonPicture::new(&id(who));
    for (after, cadence) in (0..).zip(days) {
        picture.day(&day(who, after, cadence), cadence);
    }
    picture
}

fn page_of(people: Vec<PersonPicture>, about: &About) -> String {
    let mut report = Report::new();
    for picture in people {
        report.add(picture);
    }
    let mut page = Vec::new();
    report.write(about, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// A day with a step in every hour, and so many brisk minutes.
fn walked(brisk: usize) -> Vec<Option<u16>> {
    let mut day = vec![Some(0); 1440];
    (8..20).for_each(|hour| day[hour * 60] = Some(30));
    day[605..605 + brisk].fill(Some(110));
    day
}

/// What is wrong with a page as XML: tags that do not close in order, attributes without quotes or given twice, bare
/// `&` and `<`, an id given twice, a link or label to nothing.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let (mut ids, mut wanted) = (Vec::new(), Vec::new());
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap_or(page);
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        faults.extend(bare(&rest[..start]));
        let Some(end) = rest[start..].find('>') else {
            faults.push(format!("no end of a tag: {:.40}", &rest[start..]));
            break;
        };
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                faults.push(format!("</{name}> closes another"));
            }
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap_or("");
        let mut attributes = tag[name.len()..].trim_end_matches('/').trim();
        let mut names = Vec::new();
        while let Some((attribute, after)) = attributes.split_once("=\"") {
            let Some((value, after)) = after.split_once('"') else {
                faults.push(format!("no end of a value: {tag:.60}"));
                break;
            };
            faults.extend(bare(value));
            if names.contains(&attribute) || attribute.contains(' ') {
                faults.push(format!("attribute {attribute:?} of <{name}>"));
            }
            names.push(attribute);
            match attribute {
                "id" => ids.push(value),
                "href" => wanted.extend(value.strip_prefix('#')),
                "aria-labelledby" => wanted.extend(value.split(' ')),
                _ => {}
            }
            attributes = after.trim_start();
        }
        if !attributes.is_empty() {
            faults.push(format!("attributes of <{tag:.60}>"));
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    faults.extend(open.iter().map(|name| format!("<{name}> does not close")));
    faults.extend(wanted.iter().filter(|id| !ids.contains(id)).map(|id| format!("nothing has the id {id:?}")));
    ids.sort_unstable();
    faults.extend(ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("id {:?} twice", pair[0])));
    faults
}

/// A bare `&`, and characters that XML does not have.
fn bare(text: &str) -> Option<String> {
    let entity = |rest: &str| ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|name| rest.starts_with(name));
    let ampersand = text.match_indices('&').any(|(at, _)| !entity(&text[at + 1..]));
    let control = text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    (ampersand || control).then(|| format!("bare text {text:.60}"))
}

#[test]
fn the_check_of_whole_pages_finds_what_is_broken() {
    assert_eq!(faults("<!DOCTYPE html><a id=\"x\"><b/><c d=\"e\">&amp;</c></a>"), Vec::<String>::new());
    for broken in [
        "<a>",
        "<a><b></a></b>",
        "<a b=c></a>",
        "<a b=\"c\" b=\"d\"></a>",
        "<a>&</a>",
        "<a href=\"#b\"></a>",
        "<a>\u{1}</a>",
        "<a><b id=\"x\"/><b id=\"x\"/></a>",
        "<a",
    ] {
        assert_ne!(faults(broken), Vec::<String>::new(), "{broken}");
    }
}

#[test]
fn nothing_that_somebody_wrote_becomes_a_tag() {
    let evil = "\"><script>alert(1)</script>&'\0".to_owned();
    let about = About {
        title: evil.clone(),
        software: evil.clone(),
        rules: evil.clone(),
        rules_hash: evil.clone(),
        inputs: vec![InputFile { path: evil.clone(), bytes: 1, hash: Some(evil.clone()), rows: 1 }],
        set_aside: vec![Reason { text: evil.clone(), rows: 1, first: vec![evil.clone(); 2] }],
        notes: vec![evil],
        ..About::default()
    };

    let page = page_of(vec![picture("p1", &[walked(5)])], &about);

    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(!page.contains("<script"));
    assert_eq!(page.matches("&lt;script&gt;").count(), 13);
}

#[test]
fn no_data_zero_unknown_and_not_valid_each_look_their_own_way() {
    let mut still = vec![Some(0); 1440];
    still[600] = Some(20);
    let mut counted = day("p1", 5, &[]);
    (counted.data_state, counted.total_steps) = (DataState::CannotTell, Some(4_000));
    let mut picture = picture("p1", &[walked(0), walked(12), still, vec![None; 1440], walked(60)]);
    picture.day(&counted, &[]);

    let page = page_of(vec![picture], &About::default());

    let row = "<td class=\"c0\">0</td><td class=\"c2\">12</td><td class=\"c0 n\">(0)</td><td class=\"x\">–</td>\
               <td class=\"c5\">60</td><td class=\"u\">?</td></tr>";
    assert!(page.contains(row), "{page}");
    // Three valid days, one not, one that nobody can tell, one without data: half, and three sixths.
    let bar = "<i class=\"v\" style=\"width:50.00%\"></i><i class=\"n\" style=\"width:16.66%\"></i>\
               <i class=\"u\" style=\"width:16.66%\"></i><i class=\"x\" style=\"width:16.66%\"></i>";
    assert!(page.contains(bar), "{page}");
    assert!(page.contains("<code>not_synced</code></th><td>nothing has arrived for this day</td><td class=\"r\">1<"));
}

#[test]
fn the_page_has_its_headings_in_order_and_a_table_or_words_for_each_picture() {
    let page = page_of(vec![picture("p1", &[walked(5)]), picture("p2", &[walked(7)])], &About::default());

    assert_eq!(faults(&page), Vec::<String>::new());
    let headings: Vec<_> = page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()).collect();
    let levels: Vec<u32> = headings.iter().filter_map(|level| level.to_digit(10)).collect();
    assert_eq!(levels, [1, 2, 2, 2, 3, 3, 2, 3, 3, 3, 2, 3, 3, 3, 2]);
    assert_eq!(page.matches("<html lang=\"en\">").count(), 1);
    assert_eq!(page.matches("<img ").count(), page.matches("</figcaption>").count());
    assert_eq!(page.matches("<svg ").count(), page.matches("<table class=\"bars\">").count());
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let page = page_of(vec![picture("p1", &[walked(5)])], &About::default());

    for word in ["<script", "<link", "@import", "http://", "https://", "url(", "onload", "<iframe"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
}

#[test]
fn the_page_does_not_scold_or_claim() {
    let page = page_of(vec![picture("p1", &[walked(5), vec![None; 1440]])], &About::default()).to_lowercase();
    let said = page.split("</style>").nth(1).unwrap();
    let words: Vec<&str> = said.split(|c: char| !c.is_alphabetic()).collect();

    for stem in
        ["fail", "miss", "should", "must", "normal", "abnormal", "risk", "careful", "lazy", "poor", "bad", "healthy"]
    {
        assert!(!words.iter().any(|word| word.starts_with(stem)), "{stem}");
    }
}

#[test]
fn the_order_in_which_people_come_changes_nothing() {
    let people = || (0..70).map(|number| picture(&format!("p{number:02}"), &[walked(number)])).collect::<Vec<_>>();
    let forward = page_of(people(), &About::default());

    let backward = page_of(people().into_iter().rev().collect(), &About::default());

    assert_eq!(forward, backward);
    assert_eq!(forward.matches("<img ").count(), MOST_PICTURES);
    assert_eq!(forward.matches("<span class=\"bar\">").count(), 70);
    assert!(forward.contains("This run has 70 people. Single days are drawn for the first 60 of them"));
    assert!(forward.contains("<h3>p59</h3>") && !forward.contains("<h3>p60</h3>"));
}

#[test]
fn a_run_without_anybody_is_a_whole_page() {
    let page = page_of(vec![], &About { title: "Nothing".to_owned(), ..About::default() });

    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(page.contains("No day came out of this run.") && page.contains("No row was set aside."));
}

#[test]
fn two_thousand_people_with_a_year_stay_small() {
    // The same busy day each time, a cadence of its own in every minute: hard to pack.
    let busy: Vec<_> = (0_u16..1440).map(|minute| Some(minute.wrapping_mul(40_503) % 140)).collect();
    let total = day("p", 0, &busy);
    let mut report = Report::new();
    for number in 0..2_000 {
        let mut picture = PersonPicture::new(&id(&format!("p{number:04}")));
        for after in 0..if number < 61 { 365 } else { 3 } {
            let mut total = total.clone();
            total.local_date += chrono::TimeDelta::days(after);
            picture.day(&total, &busy);
        }
        report.add(picture);
    }

    let held: usize = report
        .details
        .values()
        .map(|detail| {
            detail.days.capacity() * size_of::<picture::Mark>() + detail.lines.capacity() * size_of::<picture::Line>()
        })
        .sum();
    let each = size_of::<Key>() + size_of::<Summary>() + 32;
    let mut page = Vec::new();
    report.write(&About::default(), &mut page).unwrap();

    assert_eq!(size_of::<picture::Mark>(), 16);
    assert!(held + 2_000 * each < 5 << 20, "{held} and {each} for each person");
    assert!(page.len() < 8 << 20, "{} bytes", page.len());
}

/// The value of a colour in one of the style's two sets, 0 light and 1 dark.
fn colour(set: usize, name: &str) -> [f64; 3] {
    let css = include_str!("style.css");
    let block = css.split(":root{").nth(set + 1).and_then(|rest| rest.split('}').next()).unwrap();
    let at = block.find(&format!("--{name}:#")).unwrap_or_else(|| panic!("{name}")) + name.len() + 4;
    [0, 2, 4].map(|index| f64::from(u8::from_str_radix(&block[at + index..at + index + 2], 16).unwrap()) / 255.0)
}

/// Contrast by WCAG 2.2.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let linear = |c: f64| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let luminance = |c: [f64; 3]| 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_marks_have_the_contrast_that_wcag_asks() {
    for set in [0, 1] {
        let pairs = [
            ("text", "paper", 7.0),
            ("soft", "paper", 4.5),
            ("soft", "tile", 4.5),
            ("text", "tile", 7.0),
            ("link", "paper", 4.5),
            ("focus", "paper", 3.0),
            ("bar", "paper", 3.0),
            ("bar", "pale", 3.0),
            ("edge", "paper", 3.0),
            ("t0", "c0", 4.5),
            ("t1", "c1", 4.5),
            ("t2", "c2", 4.5),
            ("t3", "c3", 4.5),
            ("t4", "c4", 4.5),
            ("t5", "c5", 4.5),
        ];
        for (front, back, least) in pairs {
            let found = contrast(colour(set, front), colour(set, back));
            assert!(found >= least, "{front} on {back} in set {set}: {found:.2}");
        }
    }
}

prop_compose! {
    /// Any row that the day table can hold, also ones that no record gives.
    fn any_day()(
        date in (-260_000_i32..260_000, 1_u32..366),
        numbers in prop::array::uniform4(prop::option::of(any::<u32>())),
        day_len_min in prop_oneof![Just(1380_u32), Just(1440), Just(1500), any::<u32>()],
        valid_day in any::<Option<bool>>(),
        state in prop::sample::select(vec![
            DataState::Measured, DataState::PartlyMeasured, DataState::NotWorn, DataState::NotSynced, DataState::CannotTell,
        ]),
        tz in prop::option::of(prop::sample::select(vec!["Europe/Oslo", "America/St_Johns", "nowhere", ""])),
        brisk_threshold in any::<u16>(),
        flags in prop::collection::btree_set(prop::sample::select(Flag::ALL.to_vec()), 0..3),
    ) -> DayTotal {
        DayTotal {
            local_date: NaiveDate::from_yo_opt(date.0, date.1).unwrap_or_default(),
            total_steps: numbers[0],
            brisk_min: numbers[1],
            wear_min: numbers[2],
            minutes_recorded: numbers[3].unwrap_or(0),
            day_len_min,
            valid_day,
            data_state: state,
            tz: tz.map(str::to_owned),
            brisk_threshold,
            flags: Flags(flags),
            ..day("p1", 0, &[])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_days_make_a_whole_page(
        people in prop::collection::vec(
            ("[a-c]", prop::collection::vec(
                (any_day(), prop::collection::vec(any::<Option<u16>>(), 0..1600)), 0..5)), 0..4),
    ) {
        let pictures = people.iter().map(|(who, days)| {
            let mut picture = PersonPicture::new(&id(who));
            for (day, cadence) in days {
                picture.day(day, cadence);
            }
            picture
        });

        let page = page_of(pictures.collect(), &About::default());

        prop_assert_eq!(faults(&page), Vec::<String>::new());
    }
}

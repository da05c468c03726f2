//! Every link of every page leads somewhere, and every form is sent to where something takes it: pages are followed from
//! Today on, in homes of several kinds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::http::header;
use brisk::{
    config::{Config, Display},
    days::Person,
    demo,
    radio::sim::{clock::SimClock, walker},
    store::Store,
    time::Calendar,
};
use chrono::DateTime;
use serde_json::json;

use crate::support::house::{self, House};

mod support;

/// Of an address with a question, such as a week: so many are followed.
const MOST_OF_A_PAGE: usize = 4;

const DAYS: i64 = 21;

/// A home on the day after three weeks of walks; without any when nothing was ever counted.
async fn home(dir: &tempfile::TempDir, walked: bool, change: impl FnOnce(&mut Person)) -> House {
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
    let start = calendar.day("2026-06-01".parse().unwrap()).first_minute();
    let end = start + DAYS * 1440;
    let mut person = demo::person("me".parse().unwrap(), calendar.clone());
    if walked {
        demo::play(&store, walker::script(7, &calendar, start, end), None).await.unwrap();
    } else {
        person.counters.clear();
    }
    change(&mut person);
    let clock = SimClock::free(DateTime::from_timestamp((end + 19 * 60) * 60, 0).unwrap());
    House::of(house::app(store, vec![person], Config::default(), Arc::new(clock)))
}

/// Everything that a person can decide, once.
async fn decide(house: &House) {
    let today = "2026-06-22";
    for (path, body) in [
        (
            "goals",
            json!({"id": "g1", "participant": "me", "measure": "leisure_brisk_min", "amount": 20, "period": "day",
            "decided_by": "person", "from": today, "review_on": today}),
        ),
        ("diary", json!({"kind": "swim", "minutes": 30, "date": today})),
        ("choices", json!({"participant": "me", "date": today, "situation": "lunch", "choice": "a walk"})),
        (
            "check-ins/set",
            json!({"participant": "me", "from": today, "instruments": [{"instrument": "pain", "every_days": 7}]}),
        ),
    ] {
        let answer = house.tell(path, &body).await;
        assert_eq!(answer.code, 200, "{path}: {}", answer.text);
    }
}

/// The values of an attribute in a page.
fn values(page: &str, attribute: &str) -> BTreeSet<String> {
    let mark = format!(" {attribute}=\"");
    let values = page.match_indices(&mark).filter_map(|(at, _)| page[at + mark.len()..].split('"').next());
    values.map(|value| value.replace("&amp;", "&")).collect()
}

/// Follows every link from Today on; gives the pages with the number of links on each.
async fn follow(house: &House) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    let mut ahead = vec![("/".to_owned(), "the beginning".to_owned())];
    let mut of_a_page: BTreeMap<String, usize> = BTreeMap::new();
    let mut forms = BTreeSet::new();
    while let Some((address, from)) = ahead.pop() {
        let path = address.split('?').next().unwrap().to_owned();
        let count = of_a_page.entry(path).or_default();
        if seen.contains_key(&address) || *count == MOST_OF_A_PAGE {
            continue;
        }
        *count += 1;
        let answer = house.look(&address).await;
        assert_eq!(answer.code, 200, "{address}, from {from}: {}", answer.text);
        let is_page = answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html");
        let mut links = BTreeSet::new();
        if is_page {
            links.extend(values(&answer.text, "href"));
            links.extend(values(&answer.text, "src"));
        }
        for link in &links {
            let link = link.split('#').next().unwrap();
            assert!(link.is_empty() || link.starts_with('/'), "{address} leads out of the house: {link}");
            if link.starts_with('/') {
                ahead.push((link.to_owned(), address.clone()));
            }
        }
        if is_page {
            forms.extend(values(&answer.text, "action").into_iter().map(|action| (action, address.clone())));
        }
        seen.insert(address, links.len());
    }
    for (action, page) in forms {
        // Looking changes nothing; a page that there is not would say so.
        assert_ne!(house.look(&action).await.code, 404, "{page} sends a form to {action}");
    }
    seen
}

#[tokio::test]
async fn in_a_home_with_three_weeks_and_a_plan_every_link_leads_somewhere() {
    let dir = tempfile::tempdir().unwrap();
    let house = home(&dir, true, |_| {}).await;
    decide(&house).await;

    let seen = follow(&house).await;

    let once = [
        "/",
        "/week",
        "/plan",
        "/plan/change",
        "/diary",
        "/diary/new",
        "/review",
        "/band",
        "/privacy",
        "/privacy/erase",
    ];
    let setting_up = [
        "/setup",
        "/setup/person",
        "/setup/own-time",
        "/setup/band",
        "/setup/network",
        "/setup/check",
        "/setup/check/report",
    ];
    for page in once.iter().chain(&setting_up).chain(&["/choice", "/check-in"]) {
        assert!(seen.contains_key(*page), "no way leads to {page}: {seen:?}");
    }
    assert!(seen.keys().any(|page| page.starts_with("/print?from=")), "{seen:?}");
    assert!(seen.keys().any(|page| page.starts_with("/diary/edit?id=")), "{seen:?}");
}

#[tokio::test]
async fn in_an_empty_home_every_link_leads_somewhere() {
    let dir = tempfile::tempdir().unwrap();
    let house = home(&dir, false, |_| {}).await;

    let seen = follow(&house).await;

    assert!(seen.contains_key("/setup/band") && seen.contains_key("/diary/new"), "{seen:?}");
}

#[tokio::test]
async fn where_numbers_are_kept_back_every_link_leads_somewhere() {
    for display in [Display::Blinded, Display::StepsOnly] {
        let dir = tempfile::tempdir().unwrap();
        let house = home(&dir, true, |person| person.display = display).await;
        decide(&house).await;

        let seen = follow(&house).await;

        assert!(seen.contains_key("/review") && seen.contains_key("/privacy"), "{display:?}: {seen:?}");
    }
}

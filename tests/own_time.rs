//! Own time, the diary and a person's settings, on a real store with a simulated person's minutes: what is decided
//! shows in the day table, through the API and on the pages.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use brisk::{
    config::Config,
    demo,
    radio::sim::{clock::SimClock, walker},
    store::Store,
    time::Calendar,
};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use crate::support::house::{self, House, value_of};

mod support;

const DAYS: i64 = 8;
/// The first day, a Monday, and the day after the last one.
const FIRST: &str = "2026-06-01";
const TODAY: &str = "2026-06-09";

struct Home {
    house: House,
    clock: Arc<SimClock>,
    _dir: tempfile::TempDir,
}

fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

impl Home {
    /// Eight days are stored; it is three in the morning of the ninth.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap().0);
        let start = calendar().day(FIRST.parse().unwrap()).first_minute();
        let script = walker::script(20, &calendar(), start, start + DAYS * 1440);
        demo::play(&store, script, None).await.unwrap();
        let now = DateTime::from_timestamp((start + DAYS * 1440) * 60, 0).unwrap() + TimeDelta::hours(3);
        let clock = Arc::new(SimClock::free(now));
        Self { house: Self::open(store, &clock), clock, _dir: dir }
    }

    fn open(store: Arc<Store>, clock: &Arc<SimClock>) -> House {
        let people = vec![demo::person("p1".parse().unwrap(), calendar())];
        House::of(house::app(store, people, Config::default(), Arc::clone(clock) as _))
    }

    /// The same home after the program was started anew.
    fn again(&mut self) {
        self.house = Self::open(Arc::clone(&self.house.app.store), &self.clock);
    }

    async fn get(&self, path: &str) -> Value {
        self.house.told(path).await.json()
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.house.tell(path, body).await;
        (answer.code, serde_json::from_str(&answer.text).unwrap_or(Value::Null))
    }

    async fn rows(&self) -> Vec<Value> {
        self.get("days").await["days"].as_array().unwrap().clone()
    }

    async fn page(&self, path: &str) -> String {
        self.house.page(path).await
    }

    /// Sends a form; gives the status, the page, and where the browser goes on to.
    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String, Option<String>) {
        let answer = self.house.form(path, fields).await;
        (answer.code, answer.text.clone(), answer.goes_to().map(str::to_owned))
    }

    fn decisions(&self) -> usize {
        self.house.decisions()
    }
}

fn of(rows: &[Value], column: &str) -> Vec<Value> {
    rows.iter().map(|row| row[column].clone()).collect()
}

fn revisions(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["revision"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn working_hours_divide_brisk_minutes_and_days_say_so_by_their_revision() {
    let mut home = Home::new().await;
    let before = home.rows().await;
    assert_eq!(of(&before, "work_brisk_min"), vec![Value::Null; 9]);
    assert_eq!(of(&before, "leisure_brisk_min"), of(&before, "brisk_min"));

    let (status, set) = home.post("windows", &json!({"work": "mon-fri 00:00-24:00", "from": "2026-06-04"})).await;
    let after = home.rows().await;

    assert_eq!((status, &set["from"]), (200, &json!("2026-06-04")));
    for (was, is) in before.iter().zip(&after) {
        let date = is["local_date"].as_str().unwrap();
        let weekend = ["2026-06-06", "2026-06-07"].contains(&date);
        let expected = match date {
            _ if date < "2026-06-04" => (was["brisk_min"].clone(), Value::Null),
            _ if weekend => (was["brisk_min"].clone(), json!(0)),
            _ => (json!(0), was["brisk_min"].clone()),
        };
        // Of the day under way nothing is known yet.
        if date < TODAY {
            assert_eq!((is["leisure_brisk_min"].clone(), is["work_brisk_min"].clone()), expected, "{date}");
        }
    }
    assert_eq!(revisions(&after)[..8], [1, 1, 1, 2, 2, 2, 2, 2]);

    home.again();
    assert_eq!(home.rows().await, after, "the same after a start");
}

#[tokio::test]
async fn working_hours_learned_late_leave_later_weeks_as_they_are() {
    let home = Home::new().await;
    home.post("windows", &json!({"work": "daily 00:00-24:00", "from": "2026-06-05"})).await;
    let before = home.rows().await;

    home.post("windows", &json!({"work": "none", "sleep": "daily 23:00-07:00", "from": "2026-06-03"})).await;
    let (after, windows) = (home.rows().await, home.get("windows").await);

    assert_eq!(of(&after, "leisure_brisk_min"), of(&before, "leisure_brisk_min"));
    assert_eq!(revisions(&after), revisions(&before), "nothing that counts changed");
    let history: Vec<_> = windows["history"].as_array().unwrap().iter().map(|set| set["from"].clone()).collect();
    assert_eq!(history, ["2026-06-03", "2026-06-05"]);
    assert_eq!(
        (&windows["leisure_rule"], &windows["windows"]["work"]),
        (&json!("outside_work"), &json!("daily 00:00-24:00"))
    );
    assert_eq!(home.decisions(), 2, "each is in the journal");
}

#[tokio::test]
async fn a_start_of_day_from_a_date_makes_one_day_longer_and_no_minute_is_lost() {
    let home = Home::new().await;
    let before = home.rows().await;

    home.post("windows", &json!({"start_of_day": "12:00:00", "from": "2026-06-04"})).await;
    let after = home.rows().await;

    let lengths: Vec<_> = after.iter().map(|row| row["day_len_min"].as_u64().unwrap()).collect();
    assert_eq!(lengths[..4], [1440, 1440, 1440 + 720, 1440]);
    assert_eq!(revisions(&after)[..3], [1, 1, 2]);
    let recorded = |rows: &[Value]| rows.iter().map(|row| row["minutes_recorded"].as_u64().unwrap()).sum::<u64>();
    let steps = |rows: &[Value]| rows.iter().filter_map(|row| row["total_steps"].as_u64()).sum::<u64>();
    assert_eq!((recorded(&after), steps(&after)), (recorded(&before), steps(&before)));
}

#[tokio::test]
async fn a_zone_from_a_date_marks_its_first_day() {
    let home = Home::new().await;

    let (status, person) = home.post("person", &json!({"zone": "Asia/Tokyo", "from": "2026-06-05"})).await;
    let rows = home.rows().await;

    assert_eq!((status, &person["zone"]), (200, &json!("Asia/Tokyo")));
    let marked: Vec<_> = rows.iter().filter(|row| row["flags"].as_str().unwrap().contains("tz_change")).collect();
    assert_eq!(marked.iter().map(|row| row["local_date"].as_str().unwrap()).collect::<Vec<_>>(), ["2026-06-05"]);
    let lengths: Vec<_> = rows.iter().map(|row| row["day_len_min"].as_u64().unwrap()).collect();
    assert_eq!(lengths[2..6], [1440, 1440 - 7 * 60, 1440, 1440]);
    assert_eq!(home.get("windows").await["today"], TODAY, "ten in the morning there");
}

#[tokio::test]
async fn an_entry_touches_its_own_day_alone_once_the_diary_was_begun() {
    let home = Home::new().await;
    let swim = |date: &str| json!({"kind": "swim", "minutes": 30, "date": date, "id": date});
    home.rows().await;
    home.post("diary", &swim("2026-06-02")).await;
    let begun = home.rows().await;

    home.post("diary", &swim("2026-06-05")).await;
    let second = home.rows().await;
    home.post("diary/undo", &json!({"id": "2026-06-05"})).await;
    let undone = home.rows().await;

    let minutes = |rows: &[Value]| of(rows, "diary_min").into_iter().take(6).collect::<Vec<_>>();
    assert_eq!(minutes(&begun), [Value::Null, json!(30), json!(0), json!(0), json!(0), json!(0)]);
    assert_eq!(revisions(&begun)[..6], [1, 2, 2, 2, 2, 2]);
    assert_eq!(minutes(&second)[4], json!(30));
    assert_eq!(revisions(&second)[..6], [1, 2, 2, 2, 3, 2]);
    assert_eq!((minutes(&undone), revisions(&undone)[4]), (minutes(&begun), 4));
    assert_eq!(of(&undone, "leisure_brisk_min"), of(&begun, "leisure_brisk_min"), "apart from measured minutes");
}

#[tokio::test]
async fn what_is_sent_twice_is_noted_once() {
    let home = Home::new().await;
    let swim = json!({"id": "s1", "kind": "swim", "minutes": 30, "note": "cold 🏊"});
    let windows = json!({"work": "mon-fri 08:00-16:00"});

    for _ in 0..2 {
        assert_eq!(home.post("diary", &swim).await.0, 200);
        assert_eq!(home.post("windows", &windows).await.0, 200);
        assert_eq!(home.post("person", &json!({"label": "Åse"})).await.0, 200);
    }
    assert_eq!(home.decisions(), 3);

    for _ in 0..2 {
        assert_eq!(home.post("diary/undo", &json!({"id": "s1"})).await.0, 200);
    }
    let (status, error) = home.post("diary", &swim).await;
    assert_eq!((status, home.decisions()), (422, 4));
    assert!(error["error"].as_str().unwrap().contains("was taken out"), "{error}");
}

#[tokio::test]
async fn five_years_of_days_come_a_year_at_a_time_and_all_of_them() {
    let home = Home::new().await;
    home.clock.advance(Duration::from_secs(800 * 86_400));
    let (mut from, mut dates, mut answers) = (String::new(), Vec::new(), 0);

    loop {
        let reply = home.get(&format!("days?{from}")).await;
        let days = reply["days"].as_array().unwrap().clone();
        assert!((1..=366).contains(&days.len()));
        dates.extend(days.iter().map(|row| row["local_date"].as_str().unwrap().to_owned()));
        answers += 1;
        match reply["next"].as_str() {
            Some(next) => from = format!("from={next}"),
            None => break,
        }
    }

    assert_eq!((answers, dates.len()), (3, 809));
    assert!(dates.is_sorted() && dates.iter().collect::<BTreeSet<_>>().len() == dates.len());
    assert_eq!((dates[0].as_str(), dates[808].as_str()), (FIRST, "2028-08-17"));
    let some = home.get("days?from=2026-06-02&to=2026-06-03").await;
    assert_eq!((some["days"].as_array().unwrap().len(), &some["next"]), (2, &Value::Null));
}

#[tokio::test]
async fn a_swim_is_noted_from_the_diary_in_two_more_clicks() {
    let home = Home::new().await;
    assert!(home.page("/diary").await.contains("href=\"/diary/new\""));
    assert!(home.page("/diary/new").await.contains("href=\"/diary/new?kind=swim\""));
    let form = home.page("/diary/new?kind=swim").await;
    let sent = [
        ("once", value_of(&form, "once")),
        ("kind", value_of(&form, "kind")),
        ("date", value_of(&form, "date")),
        ("minutes", "30".to_owned()),
    ];
    let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let first = home.form("/diary", &sent).await;
    let again = home.form("/diary", &sent).await;
    let list = home.page(first.2.as_deref().unwrap()).await;

    assert_eq!((first.0, &first.2), (303, &again.2));
    assert!(list.contains("30 minutes of swimming") && list.contains("role=\"status\""), "{list}");
    assert_eq!(home.decisions(), 1);
    assert_eq!(home.get("diary").await["entries"][0]["date"], TODAY);
}

#[tokio::test]
async fn what_does_not_fit_comes_back_with_a_sentence_beside_each_field_and_nothing_typed_is_lost() {
    let home = Home::new().await;
    let note = "שחייה 🏊 <b>";
    let typed =
        [("once", "e1"), ("kind", "swim"), ("minutes", "2000"), ("date", "2026-06-10"), ("at", "7:5x"), ("note", note)];

    let (status, page, _) = home.form("/diary", &typed).await;

    assert_eq!(status, 422);
    for (field, part) in [("minutes", "longer than a day"), ("date", "still to come"), ("at", "hours and minutes")] {
        let at = page.find(&format!("id=\"{field}-problem\"")).unwrap_or_else(|| panic!("{field}: {page}"));
        assert!(page[at..at + 200].contains(part), "{field}: {}", &page[at..at + 200]);
    }
    let kept = [value_of(&page, "minutes"), value_of(&page, "at"), value_of(&page, "once")];
    assert_eq!(kept, ["2000", "7:5x", "e1"]);
    assert_eq!(value_of(&page, "note"), "שחייה 🏊 &lt;b&gt;");
    assert_eq!(home.decisions(), 0);
}

#[tokio::test]
async fn own_words_in_any_direction_come_back_unharmed_and_can_be_changed() {
    let home = Home::new().await;
    let note = "שחייה 🏊‍♀️ with Åse";
    home.form("/diary", &[("once", "e1"), ("kind", "swim"), ("minutes", "30"), ("note", note)]).await;

    let list = home.page("/diary").await;
    let form = home.page("/diary/edit?id=e1").await;
    assert!(list.contains(&format!("dir=\"auto\">{note}</p>")), "{list}");
    assert_eq!((value_of(&form, "note").as_str(), value_of(&form, "minutes").as_str()), (note, "30"));

    home.form("/diary", &[("once", "e1"), ("kind", "garden"), ("minutes", "40"), ("date", TODAY)]).await;
    let entries = home.get("diary").await["entries"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["kind"]), (1, &json!("garden")));

    let (status, _, to) = home.form("/diary/undo", &[("id", "e1")]).await;
    let stale = home.form("/diary", &[("once", "e1"), ("kind", "swim"), ("minutes", "45")]).await;
    assert_eq!((status, to.as_deref()), (303, Some("/diary")));
    assert_eq!(stale.0, 422);
    assert!(stale.1.contains("was taken out") && value_of(&stale.1, "minutes") == "45", "{}", stale.1);

    let once = value_of(&stale.1, "once");
    let (status, page, _) = home.form("/diary", &[("once", &once), ("kind", "swim"), ("minutes", "45")]).await;
    assert_eq!(status, 303, "what came back can be noted as a new entry: {page}");
    assert_eq!(home.get("diary").await["entries"][0]["minutes"], 45);
}

#[tokio::test]
async fn own_time_is_set_on_its_page_and_shown_as_it_was_set() {
    let home = Home::new().await;
    let mut sent: Vec<(&str, &str)> = ["mon", "tue", "wed"].into_iter().map(|day| ("work-1-days", day)).collect();
    sent.extend([("work-1-from", "08:00"), ("work-1-to", "16:30")]);
    sent.extend([("work-2-days", "fri"), ("work-2-from", "22:00"), ("work-2-to", "06:00"), ("work-2-over", "yes")]);
    sent.extend([("sleep-from", "23:00"), ("sleep-to", "07:00"), ("start-of-day", "00:00"), ("own-time-from", TODAY)]);

    let (status, page, to) = home.form("/setup/own-time", &sent).await;
    let (windows, form) = (home.get("windows").await, home.page("/setup/own-time").await);

    assert_eq!((status, to.as_deref()), (303, Some("/setup")), "{page}");
    assert_eq!(windows["windows"]["work"], "mon-wed 08:00-16:30; fri 22:00-06:00");
    assert_eq!(windows["windows"]["sleep"], "daily 23:00-07:00");
    let shown =
        ["work-1-from", "work-1-to", "work-2-to", "sleep-from", "start-of-day"].map(|name| value_of(&form, name));
    assert_eq!(shown, ["08:00", "16:30", "06:00", "23:00", "00:00"]);
    assert_eq!(form.matches(" checked").count(), 5, "four days, and into the next morning");
}

#[tokio::test]
async fn days_that_were_ticked_without_hours_are_asked_about_and_nothing_is_noted() {
    let home = Home::new().await;
    let typed = [
        ("work-1-days", "mon"),
        ("work-1-from", "08:00"),
        ("work-1-to", "16:00"),
        ("work-2-days", "sat"),
        ("own-time-from", TODAY),
    ];

    let (status, page, _) = home.form("/setup/own-time", &typed).await;

    assert_eq!(status, 422);
    assert!(page.contains("Which hours are these?"), "{page}");
    assert!(page.contains("name=\"work-2-days\" value=\"sat\" checked"), "{page}");
    assert_eq!(home.decisions(), 0);
}

#[tokio::test]
async fn hours_that_cannot_be_meant_get_a_sentence_each() {
    let home = Home::new().await;
    let typed = [
        ("work-1-days", "mon"),
        ("work-1-from", "16:30"),
        ("work-1-to", "08:00"),
        ("work-2-days", "tue"),
        ("work-2-from", "09:00"),
        ("work-3-from", "09:00"),
        ("work-3-to", "10:00"),
        ("sleep-from", "23:00"),
        ("sleep-to", "23:00"),
        ("own-time-from", TODAY),
    ];

    let (status, page, _) = home.form("/setup/own-time", &typed).await;
    let (far, far_page, _) = home.form("/setup/own-time", &[("own-time-from", "1926-06-09")]).await;

    assert_eq!(status, 422);
    for part in ["comes before the start", "Choose at least one", "a start and an end", "same as the start"] {
        assert_eq!(page.matches(part).count(), 1, "{part}: {page}");
    }
    assert_eq!(value_of(&page, "work-1-from"), "16:30");
    assert_eq!(far, 422);
    assert!(far_page.contains("is the year right?"), "{far_page}");
    assert_eq!(home.decisions(), 0);
}

#[tokio::test]
async fn a_person_changes_name_language_and_zone_on_their_page() {
    let home = Home::new().await;
    let sent = [("label", "דנה 🌿"), ("language", "he"), ("zone", "Asia/Jerusalem"), ("zone-from", "")];

    let (status, ..) = home.form("/setup/person", &sent).await;
    let (person, page) = (home.get("person").await, home.page("/setup/person").await);
    let (wrong, kept, _) = home.form("/setup/person", &[("zone", "Mars/Olympus"), ("label", "דנה")]).await;

    assert_eq!(status, 303);
    assert_eq!((&person["label"], &person["language"]), (&json!("דנה 🌿"), &json!("he")));
    assert_eq!((&person["zone"], &person["zones"][0]["from"]), (&json!("Asia/Jerusalem"), &Value::Null));
    assert!(page.contains("lang=\"he\" dir=\"rtl\"") && page.contains("value=\"דנה 🌿\""), "{page}");
    assert_eq!(wrong, 422);
    assert!(kept.contains("<option value=\"Mars/Olympus\" selected>"), "{kept}");
}

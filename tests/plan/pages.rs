//! The pages My plan and Review, as a browser without a script sees them.

use brisk::config::Display;
use serde_json::json;

use crate::{
    home::{Plan, TODAY},
    support::house::Answer,
};

/// A whole form of a plan, with some fields changed.
fn typed<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("once", "g2"),
        ("own_words", "Mit Oma 🚶 ללכת לים"),
        ("specific", "walk"),
        ("when_where", "after lunch"),
        ("relevant_because", "<b>fresh air</b>"),
        ("measure", "leisure_brisk_min"),
        ("amount", "25"),
        ("period", "day"),
        ("days", "mon"),
        ("days", "thu"),
        ("from", TODAY),
        ("review_on", "2026-07-01"),
        ("confidence", "8"),
        ("stage", "action"),
        ("decided_by", "with_therapist"),
        ("therapist", "t-7"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

fn sent_on(answer: &Answer) -> (u16, Option<&str>) {
    (answer.code, answer.goes_to())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_and_stands_there_in_own_words_first() {
    let plan = Plan::with_goal().await;

    let made = plan.form("/plan/change", &typed(&[])).await;
    let page = plan.page("/plan").await.text;

    assert_eq!(sent_on(&made), (303, Some("/plan")));
    let own = page.find("Mit Oma 🚶 ללכת לים").unwrap();
    let size = page.find("25 minutes of brisk walking in your own time a day, on Monday, Thursday").unwrap();
    assert!(own < size, "own words come first");
    assert!(page.contains("&lt;b&gt;fresh air&lt;/b&gt;") && !page.contains("<b>fresh air"), "as it was typed");
    for text in
        ["8 of 10", "Wednesday 1 July 2026", "I did, with my therapist", "less than half a year", "All my plans"]
    {
        assert!(page.contains(text), "{text}");
    }
    let goal = &plan.get("goals").await.json()["in_force"];
    assert_eq!(
        (&goal["days"], &goal["therapist"], &goal["stage"]),
        (&json!(["mon", "thu"]), &json!("t-7"), &json!("action"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_gets_a_sentence_beside_its_field_and_nothing_typed_is_lost() {
    let plan = Plan::with_goal().await;
    let decided = plan.decisions();
    for (name, value, sentence) in [
        ("amount", "900", "900 does not look like a plan; 1 to 300 minutes per day can be chosen."),
        ("amount", "plenty", "Write how much in digits"),
        ("amount", "99999999999999", "Write how much in digits"),
        ("review_on", "2026-06-01", "choose a day to look at it again after that"),
        ("review_on", "soon", "Choose a day in the calendar"),
        ("from", "2026-06-01", "Days gone by keep what was agreed for them"),
        ("from", "2126-06-01", "is the year right?"),
        ("until", "2026-06-08", "let its last day be then or later"),
        ("confidence", "11", "from 0 (not at all) to 10"),
        ("confidence", "very", "from 0 (not at all) to 10"),
        ("days", "never", "Choose at least one day of the week."),
        ("measure", "hops", "Choose what counts from the list."),
        ("therapist", "Dr. Who", "A code has 1 to 32 letters"),
        ("own_words", &"x".repeat(501), "This has room for 500 letters"),
    ] {
        let again = plan.form("/plan/change", &typed(&[(name, value)])).await;

        assert_eq!(again.code, 422, "{name} {value}");
        assert!(again.text.contains(sentence), "{name} {value}: {}", again.text);
        assert!(again.text.contains(&format!("id=\"{name}-problem\"")), "{name}: beside its field");
        let kept = if name == "own_words" { value } else { "Mit Oma 🚶 ללכת לים" };
        assert!(again.text.contains(kept) && again.text.contains("after lunch"), "{name}: what was typed stays");
        if !["days", "measure"].contains(&name) {
            assert!(again.text.contains(value), "{name}: so does what does not fit");
        }
    }
    let many = plan.form("/plan/change", &typed(&[("amount", "900"), ("confidence", "99"), ("from", "soon")])).await;
    for field in ["amount", "confidence", "from"] {
        assert!(many.text.contains(&format!("id=\"{field}-problem\"")), "{field}: all at once");
    }
    assert_eq!(plan.decisions(), decided);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_twice_is_taken_once_and_an_old_page_keeps_what_was_typed() {
    let plan = Plan::with_goal().await;
    plan.form("/plan/change", &typed(&[])).await;
    let decided = plan.decisions();

    let twice = plan.form("/plan/change", &typed(&[])).await;
    let stale = plan.form("/plan/change", &typed(&[("amount", "30")])).await;
    let again = plan.form("/plan/change", &typed(&[("amount", "30"), ("once", "g3")])).await;

    assert_eq!(sent_on(&twice), (303, Some("/plan")));
    assert_eq!(stale.code, 422);
    assert!(stale.text.contains("The plan changed while this page was open"), "{}", stale.text);
    assert!(stale.text.contains("value=\"30\"") && stale.text.contains("name=\"once\" value=\"g3\""));
    assert_eq!(sent_on(&again), (303, Some("/plan")), "sending it once more sets it");
    assert_eq!(plan.decisions() - decided, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_paused_and_taken_up_again_by_buttons() {
    let plan = Plan::with_goal().await;

    let paused = plan.form("/plan/pause", &[("until", "2026-06-12")]).await;
    let page = plan.page("/plan").await.text;
    let past = plan.form("/plan/pause", &[("until", "2026-06-01"), ("reason", "a cold")]).await;
    let open = plan.form("/plan/pause", &[]).await;
    let resumed = plan.form("/plan/resume", &[]).await;
    let after = plan.page("/plan").await.text;

    assert_eq!(sent_on(&paused), (303, Some("/plan")));
    assert!(page.contains("Your plan is paused until the end of Friday 12 June."), "{page}");
    assert_eq!((past.code, open.code), (422, 422));
    assert!(past.text.contains("let it end then or later") && past.text.contains("value=\"a cold\""), "{}", past.text);
    assert!(open.text.contains("Choose the last day of the pause."), "{}", open.text);
    assert_eq!(sent_on(&resumed), (303, Some("/plan")));
    assert!(!after.contains("is paused"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_its_day_has_come_a_plan_can_be_kept_with_one_button() {
    let plan = Plan::with_goal().await;
    plan.set_goal(json!({"id": "g2", "amount": 20, "from": TODAY, "review_on": TODAY})).await;
    let due = plan.page("/plan").await.text;

    plan.form("/plan/keep", &[]).await;
    let decided = plan.decisions();
    plan.form("/plan/keep", &[]).await;

    assert!(due.contains("You wanted to look at this plan again on Tuesday 9 June."), "{due}");
    assert_eq!(plan.get("goals").await.json()["in_force"]["review_on"], "2026-07-07");
    assert_eq!(plan.decisions(), decided, "kept once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_offers_and_takes_an_answer() {
    let plan = Plan::with_goal().await;
    plan.form("/plan/programme", &[("programme", "study-a")]).await;
    let page = plan.page("/review").await.text;

    let taken =
        plan.form("/review/answer", &[("proposal", "2026-W24-more"), ("accepted", "yes"), ("once", "g2")]).await;
    let after = plan.page("/review").await.text;
    let stale =
        plan.form("/review/answer", &[("proposal", "2026-W24-less"), ("accepted", "yes"), ("once", "g2")]).await;

    let (well, question, next) = (page.find("What went well"), page.find("One question"), page.find("The next week"));
    assert!(well.is_some() && well < question && question < next);
    assert!(page.contains("A little more") && page.contains("25 minutes of brisk walking in your own time, each day"));
    assert!(page.contains("Week from Monday 1 June: planned on 7 days, done on 7."));
    assert_eq!(sent_on(&taken), (303, Some("/review")));
    assert!(after.contains("You chose: 25 minutes of brisk walking in your own time, each day."), "{after}");
    assert_eq!(stale.code, 422);
    assert!(stale.text.contains("You have already chosen for that week"), "{}", stale.text);
}

/// A page without its tokens and the names of its assets: digits in them mean nothing.
fn without_chance(page: &str) -> String {
    let by_chance = |part: &&str| {
        let token = part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        token || part.starts_with("/assets/")
    };
    page.split('"').filter(|part| !by_chance(part)).collect::<Vec<_>>().join("\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blinded_person_sees_their_words_and_no_numbers() {
    let plan = Plan::shown(Display::Blinded).await;
    plan.set_goal(json!({"id": "g1", "amount": 77, "from": "2026-05-11", "own_words": "Walk to the harbour"})).await;
    let decided = plan.decisions();

    let page = plan.page("/plan").await.text;
    let form = plan.page("/plan/change").await.text;
    let review = plan.page("/review").await.text;
    plan.form("/plan/change", &typed(&[])).await;

    for text in [&page, &form, &review].map(|text| without_chance(text)) {
        for hidden in ["77", "210", "minutes", "steps", "name=\"amount\""] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
    }
    assert!(page.contains("Walk to the harbour") && page.contains("/plan/pause"), "{page}");
    assert_eq!(plan.decisions(), decided);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_shown_steps_plans_in_steps() {
    let plan = Plan::shown(Display::StepsOnly).await;
    plan.set_goal(json!({"id": "g1", "amount": 77, "from": "2026-05-11", "own_words": "Walk to the harbour"})).await;

    let page = plan.page("/plan").await.text;
    let review = plan.page("/review").await.text;
    let form = plan.page("/plan/change").await.text;
    let minutes = plan.form("/plan/change", &typed(&[])).await;
    let steps = plan.form("/plan/change", &typed(&[("measure", "steps"), ("amount", "6,000")])).await;

    let (page, review) = (without_chance(&page), without_chance(&review));
    assert!(page.contains("Walk to the harbour") && !page.contains("77"), "{page}");
    assert!(review.contains("steps in all") && !review.contains("minutes") && !review.contains("77"), "{review}");
    assert!(form.contains("value=\"steps\"") && !form.contains("value=\"leisure_min\""), "{form}");
    assert_eq!((minutes.code, steps.code), (422, 303));
    assert!(plan.page("/plan").await.text.contains("6,000 steps a day, on Monday, Thursday"));
}

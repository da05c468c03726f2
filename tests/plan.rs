//! The plan: pausing, reviewing, choosing the next week, in the API, on the pages and at the command line.

#[path = "plan/home.rs"]
mod home;
#[path = "plan/pages.rs"]
mod pages;
mod support;

use std::{sync::Barrier, thread};

use brisk::{api::goals, goal::GoalVersion};
use chrono::NaiveDate;
use serde_json::json;

use crate::{
    home::{Plan, TODAY},
    support::Home,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_and_a_return_are_each_done_once_and_leave_what_was_agreed() {
    let plan = Plan::with_goal().await;
    let before = plan.decisions();

    let paused = plan.post("goals/pause", json!({"until": "2026-06-14", "reason": "grandchildren"})).await;
    plan.post("goals/pause", json!({"until": "2026-06-14"})).await;
    let shorter = plan.post("goals/pause", json!({"until": "2026-06-10"})).await;
    let back = plan.post("goals/resume", json!({})).await;
    let again = plan.post("goals/resume", json!({})).await;

    assert_eq!(paused.json()["paused_until"], "2026-06-14");
    assert_eq!(shorter.json()["paused_until"], "2026-06-10", "cut short");
    assert_eq!((back.json()["paused_until"].is_null(), again.code), (true, 200));
    assert_eq!(back.json()["in_force"]["id"], "g1");
    assert_eq!(plan.decisions() - before, 3, "a pause, a shorter one, a return");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goal_ends_a_day_is_excused_and_what_does_not_fit_is_said_kindly() {
    let plan = Plan::with_goal().await;

    let past = plan.post("goals/pause", json!({"until": "2026-06-01"})).await;
    let nameless = plan.post("goals/excuse", json!({"date": "2026-06-03", "by": "", "reason": " "})).await;
    let excused = plan.post("goals/excuse", json!({"date": "2026-06-03", "by": "t-7", "reason": "a visit"})).await;
    let ended = plan.post("goals/end", json!({"from": "2026-06-10"})).await;
    let row = plan.get("days?from=2026-06-03&to=2026-06-03").await;

    assert_eq!((past.code, nameless.code), (422, 422));
    assert!(past.text.contains("let it end then or later"), "{}", past.text);
    assert!(nameless.text.contains("by:") && nameless.text.contains("reason:"), "all at once: {}", nameless.text);
    assert_eq!(excused.code, 200);
    assert_eq!(row.json()["days"][0]["goal_state"], "excused");
    assert_eq!(ended.json()["history"][0]["until"], "2026-06-09");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_goal_is_proposed_by_the_programme_alone_and_set_when_the_person_takes_it() {
    let plan = Plan::with_goal().await;

    let own = plan.get("goals/proposals").await.json();
    plan.post("programme", json!({"programme": "study-a"})).await;
    let offered = plan.get("goals/proposals").await.json();
    let (id, once) = (offered["proposals"][0]["id"].clone(), offered["once"].clone());
    let taken = plan.post("goals/proposals/answer", json!({"proposal": id, "accepted": true, "once": once})).await;
    let decided = plan.decisions();
    let twice = plan.post("goals/proposals/answer", json!({"proposal": id, "accepted": true, "once": once})).await;
    let other = plan.post("goals/proposals/answer", json!({"proposal": "2026-W24-less", "accepted": true})).await;

    assert_eq!(kinds(&own), ["keep", "less"], "nothing rises without a programme");
    assert_eq!(kinds(&offered), ["more", "keep", "less"]);
    assert_eq!(
        (id.as_str(), offered["proposals"][0]["rule"].as_str()),
        (Some("2026-W24-more"), Some("weekly_percent"))
    );
    let goal = &taken.json()["history"][1]["goal"];
    assert_eq!((&goal["amount"], &goal["from"], &goal["proposal"]), (&json!(25), &json!("2026-06-15"), &id));
    assert_eq!((&goal["decided_by"], &goal["own_words"]), (&json!("person"), &json!("Walk to the harbour")));
    assert_eq!((twice.code, plan.decisions()), (200, decided), "taken once");
    assert_eq!(other.code, 422);
    assert!(other.text.contains("You have already chosen"), "{}", other.text);
    assert_eq!(kinds(&plan.get("goals/proposals").await.json()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_plan_that_has_changed_meanwhile_changes_nothing() {
    let plan = Plan::with_goal().await;
    let offered = plan.get("goals/proposals").await.json();
    let answer = |id: &str| json!({"proposal": id, "accepted": true, "once": offered["once"]});
    plan.set_goal(json!({"id": "g2", "amount": 30, "from": TODAY})).await;
    let decided = plan.decisions();

    let stale = plan.post("goals/proposals/answer", answer("2026-W24-less")).await;
    let odd = plan.post("goals/proposals/answer", answer("2026-W23-less")).await;

    assert_eq!((stale.code, odd.code, plan.decisions()), (422, 422, decided));
    assert!(stale.text.contains("The plan has changed since this was shown"), "{}", stale.text);
    assert!(odd.text.contains("is answered in its week"), "{}", odd.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_goal_sent_twice_at_once_succeeds_twice_and_is_stored_once() {
    let plan = Plan::with_goal().await;
    let app = plan.app();
    let (person, now) = (app.book.person(None).unwrap(), app.clock.utc());
    let known = person.record.goals.version("g1").unwrap().clone();
    let goal = GoalVersion { id: "g2".into(), amount: 30, from: TODAY.parse().unwrap(), ..known };
    let decided = plan.decisions();

    let both = Barrier::new(2);
    let send = || {
        both.wait();
        goals::set(app, &person, &goal, now).is_ok()
    };
    let done = thread::scope(|scope| [scope.spawn(send), scope.spawn(send)].map(|sending| sending.join().unwrap()));

    assert_eq!(done, [true, true]);
    assert_eq!(plan.decisions() - decided, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_whose_goal_was_set_before_its_answer_was_noted_can_still_be_answered() {
    let plan = Plan::with_goal().await;
    plan.set_goal(json!({"id": "g2", "amount": 15, "from": "2026-06-15", "proposal": "2026-W24-less"})).await;
    let decided = plan.decisions();
    let answer = json!({"proposal": "2026-W24-less", "accepted": true, "once": "g2"});

    let answered = plan.post("goals/proposals/answer", answer).await;

    assert_eq!((answered.code, plan.decisions() - decided), (200, 1), "{}", answered.text);
    assert_eq!(answered.json()["history"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keeping_the_plan_is_noted_and_sets_no_other_goal() {
    let plan = Plan::with_goal().await;

    let kept = plan.post("goals/proposals/answer", json!({"proposal": "2026-W24-keep", "accepted": true})).await;

    assert_eq!(kept.json()["history"].as_array().unwrap().len(), 1);
    assert_eq!(kinds(&plan.get("goals/proposals").await.json()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_of_the_week_that_ended_begins_with_what_went_well() {
    let plan = Plan::with_goal().await;
    plan.post("programme", json!({"programme": "etmi-style"})).await;

    let review = plan.get("review").await.json();
    let earlier = plan.get("review?from=2026-05-20").await.json();
    let now = plan.get(&format!("review?from={TODAY}")).await;
    let far = plan.get("review?from=%2B262142-12-31").await;

    assert_eq!((&review["from"], &review["to"]), (&json!("2026-06-01"), &json!("2026-06-07")));
    let first = review["went_well"][0].as_str().unwrap();
    assert_eq!(first, "You were active on 7 days, 210 minutes of brisk walking in your own time in all.");
    assert_eq!(review["proposals"].as_array().unwrap().len(), 2);
    assert_eq!(earlier["from"], "2026-05-18");
    assert_eq!(earlier["proposals"], json!([]), "the next week is chosen after the last one");
    assert_eq!((now.code, far.code), (422, 422));
    assert!(now.text.contains("still under way"), "{}", now.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_studys_programme_with_small_choices_offers_them_whatever_it_is_called() {
    let plan = Plan::with_goal().await;
    let before = plan.get("choices").await.json();
    plan.post("programme", json!({"programme": "study-a"})).await;

    let offered = plan.get("choices").await.json();
    let today = plan.page("/").await;

    assert_eq!((&before["offered"], &offered["offered"]), (&json!(false), &json!(true)));
    assert!(today.text.contains("href=\"/choice\""), "{}", today.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_that_is_not_there_is_named_with_those_that_are() {
    let plan = Plan::with_goal().await;

    let unknown = plan.post("programme", json!({"programme": "walkathon"})).await;
    plan.post("programme", json!({"programme": "etmi-style"})).await;
    let decided = plan.decisions();
    let twice = plan.post("programme", json!({"programme": "etmi-style"})).await;
    let none = plan.post("programme", json!({"programme": null})).await;

    assert_eq!(unknown.code, 422);
    assert!(unknown.text.contains("etmi-style, selfback-style, micro-choices, study-a"), "{}", unknown.text);
    assert_eq!((twice.json()["in_use"].as_str(), none.json()["in_use"].as_str()), (Some("etmi-style"), None));
    assert_eq!(plan.decisions() - decided, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goal_that_is_sent_twice_is_set_once() {
    let plan = Plan::with_goal().await;
    let goal = json!({"id": "g2", "amount": 25, "from": TODAY});
    plan.set_goal(goal.clone()).await;
    let decided = plan.decisions();

    let again = plan.set_goal(goal).await;
    let other = plan.set_goal(json!({"id": "g2", "amount": 35, "from": TODAY})).await;
    let past = plan.set_goal(json!({"id": "g3", "amount": 35, "from": "2026-06-01", "review_on": "2026-06-02"})).await;

    assert_eq!((again.code, other.code, plan.decisions()), (200, 422, decided));
    assert!(past.text.contains("review_on: That day has gone by"), "{}", past.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_changes_nothing() {
    let plan = Plan::with_goal().await;
    let decided = plan.decisions();

    for path in ["goals", "goals/proposals", "review", "programme"] {
        assert_eq!(plan.get(path).await.code, 200, "{path}");
    }
    for page in ["/plan", "/plan/change", "/review", "/review?from=2026-05-20", "/review?from=nonsense"] {
        assert_eq!(plan.page(page).await.code, 200, "{page}");
    }

    assert_eq!(plan.decisions(), decided);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_at_the_ends_of_the_calendar_are_answered_too() {
    let plan = Plan::with_goal().await;
    let ends = [NaiveDate::MIN, NaiveDate::MAX].map(|date| date.to_string().replace('+', "%2B"));

    for path in ["week", "days", "diary", "choices", "check-ins", "review"] {
        for asked in ["from", "to"] {
            for end in &ends {
                let answer = plan.get(&format!("{path}?{asked}={end}")).await;
                assert!(answer.code < 500, "{path} {asked} {end}: {}", answer.text);
            }
        }
    }
    for end in &ends {
        let page = plan.page(&format!("/review?from={end}")).await;
        assert!(page.code < 500, "{end}: {}", page.text);
    }
}

fn kinds(reply: &serde_json::Value) -> Vec<String> {
    let proposals = reply["proposals"].as_array().unwrap();
    proposals.iter().map(|proposal| proposal["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_command_line_pauses_looks_back_and_chooses() {
    let home = Home::new();
    assert_eq!(home.run(&["demo", "--once", "--days", "21"]).code, Some(0));
    let today = home.json(&["goal", "pause", "--until", "1"])["today"].as_str().unwrap().to_owned();

    let week = home.json(&["goal", "pause", "--until", "7"]);
    let resumed = home.run(&["goal", "resume"]);
    let programmes = home.run(&["programme", "list"]);
    let used = home.run(&["programme", "use", "micro-choices"]);
    let listed = home.json(&["programme", "list"]);
    let none = home.run(&["programme", "none"]);
    let review = home.run(&["review"]);
    let odd = home.run(&["goal", "accept", "tomorrow"]);
    let until = home.run(&["goal", "pause", "--until", "soon"]);
    let ended = home.json(&["goal", "end"]);
    let nothing = home.run(&["goal", "propose"]);

    let today: chrono::NaiveDate = today.parse().unwrap();
    assert_eq!(week["paused_until"], (today + chrono::Days::new(6)).to_string(), "today is one of the seven");
    assert_eq!((resumed.code, resumed.out.starts_with("No pause from")), (Some(0), true), "{}", resumed.out);
    assert!(programmes.out.contains("selfback-style"), "{}", programmes.out);
    assert!(used.out.contains("micro-choices is in use"), "{}", used.out);
    assert_eq!((listed["in_use"].as_str(), none.code), (Some("micro-choices"), Some(0)));
    assert!(review.out.contains("You were active on"), "{}{}", review.out, review.err);
    assert_eq!((odd.code, until.code), (Some(1), Some(2)));
    assert!(odd.err.contains("A proposal is called by its week"), "{}", odd.err);
    assert!(ended["in_force"].is_null());
    assert_eq!((nothing.code, nothing.out.contains("nothing to choose")), (Some(3), true), "{}", nothing.out);
}

#[test]
fn a_studys_own_programme_is_checked_with_the_settings() {
    let home = Home::new();
    home.change_settings(|text| format!("{text}\n[study]\nprogrammes = [\"own.toml\"]\n"));

    let missing = home.run(&["config", "check"]);
    home.write("own.toml", &home::STUDY.replace("percent = 10", "percent = 99"));
    let wrong = home.run(&["config", "check"]);
    home.write("own.toml", home::STUDY);
    let right = home.run(&["config", "check"]);

    assert_eq!((missing.code, wrong.code, right.code), (Some(2), Some(2), Some(0)));
    assert!(missing.err.contains("own.toml") && missing.err.contains("cannot be read"), "{}", missing.err);
    assert!(wrong.err.contains("line 11: rule.percent: between 1 and 50"), "{}", wrong.err);
}

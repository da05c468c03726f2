//! The weekly review, what may be chosen for the next week, and the programme that both go by.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking, goals, known_days::KnownDays};
use crate::{
    config::{Display, Programme},
    days::Person,
    goal::{
        self, GoalVersion, Problems, Proposal, Review,
        past::{WEEKS_BACK, monday_of, week_name},
        propose::{Asked as AskedFor, Kind},
        review::Looking,
    },
    model::ParticipantId,
    person::{Decision, OwnDecision},
    words::{Language, Phrase, say},
};

/// What may be chosen for the next week.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProposalsReply {
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// The week in which these are made, such as `2026-W21`.
    pub week: String,
    /// To be sent back with an answer: the name that the next goal gets. When it has changed, so has the plan.
    pub once: String,
    /// The programme in use.
    pub programme: Option<String>,
    /// The one that the rule asks for first; none when there is nothing to choose.
    pub proposals: Vec<ProposalReply>,
}

/// One thing that may be chosen.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProposalReply {
    /// Its name, such as `2026-W21-more`.
    pub id: String,
    /// `keep`, `less` or `more`.
    pub kind: String,
    /// Name of the rule.
    pub rule: String,
    /// Why, in a sentence.
    pub reason: String,
    /// What it rests on, one sentence each.
    pub evidence: Vec<String>,
    /// The goal as it would be set.
    pub goal: GoalVersion,
}

/// An answer to a proposal.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// Whose; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// Name of the proposal.
    pub proposal: String,
    /// Whether it is taken.
    pub accepted: bool,
    /// First day of the goal; the next Monday when it is left out, today when it is a Monday.
    pub from: Option<NaiveDate>,
    /// `once` of the proposals that were seen.
    pub once: Option<String>,
}

/// A week looked back on.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReviewReply {
    /// Monday.
    pub from: NaiveDate,
    /// Sunday.
    pub to: NaiveDate,
    /// What went well, one sentence each.
    pub went_well: Vec<String>,
    /// Days that are not known, one sentence each.
    pub open: Vec<String>,
    /// One question.
    pub question: String,
    /// What the programme says at the stage that the person entered.
    pub stage: Option<String>,
    /// What may be chosen for the next week; none but after the week that ended last.
    pub proposals: Vec<ProposalReply>,
}

/// Programmes, and the one in use.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProgrammesReply {
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// The one in use today.
    pub in_use: Option<String>,
    /// All there are.
    pub programmes: Vec<Programme>,
}

/// The choice of a programme.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgrammeRequest {
    /// Who uses it; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// Its name; none to use none.
    pub programme: Option<String>,
    /// First day; today when it is left out.
    pub from: Option<NaiveDate>,
}

/// The programme that a person uses on a date; none too where its file is no longer among those of the settings.
pub fn programme_on<'a>(app: &'a App, person: &Person, date: NaiveDate) -> Option<&'a Programme> {
    let name = person.record.programme_on(date)?;
    app.programmes.iter().find(|programme| programme.name == name)
}

/// Uses a programme from a day on, or none. The same one again changes nothing.
///
/// # Errors
/// When there is no such programme, the day does not fit, or the store fails.
pub fn use_programme(
    app: &App,
    person: &Person,
    name: Option<String>,
    from: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    if let Some(name) = &name {
        let known: Vec<_> = app.programmes.iter().map(|programme| programme.name.as_str()).collect();
        if !known.contains(&name.as_str()) {
            let phrase =
                Phrase::new("problem-programme-unknown").with("name", name.as_str()).with("known", known.join(", "));
            return Err(refused("programme", phrase));
        }
    }
    let participant = person.id.clone();
    app.book.decide(person, OwnDecision::ProgrammeChosen { participant, programme: name, from }, "person", now)?;
    Ok(())
}

/// What may be chosen for the next week.
///
/// # Errors
/// When the store fails.
pub fn proposals(app: &App, person: &Person, now: DateTime<Utc>) -> Result<Vec<Proposal>, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let programme = programme_on(app, person, today);
    let (rule, pace) = programme.map_or_else(Default::default, |own| (own.rule.clone(), own.pace.clone()));
    let monday = monday_of(today);
    let known = KnownDays::read(app, person, monday - Days::new(7 * WEEKS_BACK), monday - Days::new(1), now)?;
    Ok(goal::propose(&AskedFor {
        days: &known.facts(),
        history: &person.record.goals,
        today,
        rule: &rule,
        pace: &pace,
        answered: &person.record.proposals,
    }))
}

/// Takes an answer in; accepting sets the goal. The same answer sent again changes nothing.
///
/// # Errors
/// When the plan has changed meanwhile, what is asked does not fit, or the store fails.
pub fn answer(app: &App, person: &Person, answer: &AnswerRequest, now: DateTime<Utc>) -> Result<(), Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let AnswerRequest { proposal: id, accepted, .. } = answer;
    let participant = person.id.clone();
    let said = OwnDecision::ProposalAnswered { participant, proposal: id.clone(), accepted: *accepted, date: today };
    let said = Decision::from(said);
    // What was answered is not proposed any more: it would look like a plan that has changed.
    if person.record.holds(&said) {
        return Ok(());
    }
    person.record.check(&said, today).map_err(Problem::from)?;
    // The goal was set and its answer not yet noted: the same was sent twice at once, or the power went.
    let was_set = person.record.goals.versions().any(|goal| goal.proposal.as_ref() == Some(id));
    if *accepted && was_set {
        app.book.decide(person, said, "person", now)?;
        return Ok(());
    }
    let changed = answer.once.as_ref().is_some_and(|once| *once != person.record.goals.next_id());
    let chosen = proposals(app, person, now)?.into_iter().find(|proposal| proposal.id == *id);
    let Some(chosen) = chosen.filter(|_| !changed) else {
        return Err(refused("proposal", Phrase::new("proposal-stale")));
    };
    if *accepted {
        let goes_on = person.record.goals.goal_on(chosen.goal.from).is_some();
        if chosen.kind != Kind::Keep || !goes_on {
            let goal = GoalVersion { from: answer.from.unwrap_or(chosen.goal.from), ..chosen.goal };
            goals::set(app, person, &goal, now)?;
        }
    }
    app.book.decide(person, said, "person", now)?;
    Ok(())
}

fn refused(field: &'static str, phrase: Phrase) -> Problem {
    Problems(vec![goal::Problem { field, phrase }]).into()
}

/// The review of the week that holds a date; of the week that ended last when none is given.
///
/// # Errors
/// When that week is not over, or the store fails.
pub fn review(app: &App, person: &Person, date: Option<NaiveDate>, now: DateTime<Utc>) -> Result<Review, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let this_monday = monday_of(today);
    let monday = monday_of(date.unwrap_or(this_monday - Days::new(7)));
    if monday >= this_monday {
        let over = monday.checked_add_days(Days::new(7)).unwrap_or(monday);
        return Err(refused("from", Phrase::new("review-not-yet").with("from", over)));
    }
    let over = monday + Days::new(7);
    let sunday = over - Days::new(1);
    let known = KnownDays::read(app, person, monday, sunday, now)?;
    let made = |choice: &&crate::person::choice::Choice| choice.is_made();
    let choices = person.record.choices.between(monday, sunday).filter(made).count();
    let pace = programme_on(app, person, sunday).map(|programme| programme.pace.clone()).unwrap_or_default();
    Ok(goal::review(&Looking {
        days: &known.facts(),
        history: &person.record.goals,
        monday,
        choices_made: u32::try_from(choices).unwrap_or(u32::MAX),
        pace: &pace,
        steps_only: person.display == Display::StepsOnly,
    }))
}

/// What the programme in use says at the stage that the person entered.
pub fn stage_text(app: &App, person: &Person, date: NaiveDate, language: Language) -> Option<String> {
    let stage = person.record.goals.goal_on(date)?.stage?;
    Some(programme_on(app, person, date)?.stages.get(&stage)?.text_in(language).to_owned())
}

impl ProposalReply {
    fn new(proposal: Proposal, language: Language) -> Self {
        Self {
            kind: proposal.kind.name().to_owned(),
            rule: proposal.rule.to_owned(),
            reason: say(language, &proposal.reason),
            evidence: sentences(&proposal.evidence, language),
            id: proposal.id,
            goal: proposal.goal,
        }
    }
}

fn sentences(phrases: &[Phrase], language: Language) -> Vec<String> {
    phrases.iter().map(|phrase| say(language, phrase)).collect()
}

fn proposals_reply(
    app: &App,
    person: &Person,
    language: Language,
    now: DateTime<Utc>,
) -> Result<ProposalsReply, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let proposals = proposals(app, person, now)?.into_iter();
    Ok(ProposalsReply {
        today,
        week: week_name(today),
        once: person.record.goals.next_id(),
        programme: person.record.programme_on(today).map(str::to_owned),
        proposals: proposals.map(|proposal| ProposalReply::new(proposal, language)).collect(),
    })
}

/// What may be chosen as the goal of the next week, and why.
#[utoipa::path(get, path = "/api/v1/goals/proposals", params(Asked), responses((status = 200, description = "The proposals", body = ProposalsReply), ErrorReply))]
pub(super) async fn get_proposals(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<ProposalsReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        proposals_reply(app, &person, asked.language.unwrap_or_default(), now)
    })
    .await
}

/// Takes a proposal or declines it; taking it sets the goal.
#[utoipa::path(post, path = "/api/v1/goals/proposals/answer", request_body = AnswerRequest, responses((status = 200, description = "The goals as they are then", body = super::GoalsReply), ErrorReply))]
pub(super) async fn post_answer(
    State(app): State<Arc<App>>,
    Json(said): Json<AnswerRequest>,
) -> Result<Json<super::GoalsReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        answer(app, &*app.book.person(said.person.as_ref())?, &said, now)?;
        Ok(goals::goals(app, &*app.book.person(said.person.as_ref())?))
    })
    .await
}

/// A look back on the week that holds `from`, or on the week that ended last.
#[utoipa::path(get, path = "/api/v1/review", params(Asked), responses((status = 200, description = "The review", body = ReviewReply), ErrorReply))]
pub(super) async fn get_review(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<ReviewReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        let language = asked.language.unwrap_or_default();
        let review = review(app, &person, asked.from, now)?;
        let today = person.calendar.day_at(now.timestamp()).date;
        let ended_last = review.to + Days::new(1) == monday_of(today);
        let proposals = if ended_last { proposals_reply(app, &person, language, now)?.proposals } else { Vec::new() };
        Ok(ReviewReply {
            from: review.from,
            to: review.to,
            went_well: sentences(&review.went_well, language),
            open: sentences(&review.open, language),
            question: say(language, &review.question),
            stage: stage_text(app, &person, review.to, language),
            proposals,
        })
    })
    .await
}

fn programmes_reply(app: &App, person: &Person) -> ProgrammesReply {
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    let in_use = person.record.programme_on(today).map(str::to_owned);
    ProgrammesReply { today, in_use, programmes: app.programmes.clone() }
}

/// All programmes, and the one in use.
#[utoipa::path(get, path = "/api/v1/programme", params(Asked), responses((status = 200, description = "The programmes", body = ProgrammesReply), ErrorReply))]
pub(super) async fn get_programme(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<ProgrammesReply>, Problem> {
    blocking(app, move |app| Ok(programmes_reply(app, &*app.book.person(asked.person.as_ref())?))).await
}

/// Uses a programme from a day on, or none.
#[utoipa::path(post, path = "/api/v1/programme", request_body = ProgrammeRequest, responses((status = 200, description = "The programmes as they are then", body = ProgrammesReply), ErrorReply))]
pub(super) async fn post_programme(
    State(app): State<Arc<App>>,
    Json(asked): Json<ProgrammeRequest>,
) -> Result<Json<ProgrammesReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        let from = asked.from.unwrap_or_else(|| person.calendar.day_at(now.timestamp()).date);
        use_programme(app, &person, asked.programme, from, now)?;
        Ok(programmes_reply(app, &*app.book.person(asked.person.as_ref())?))
    })
    .await
}

//! Whether everything is in order, in plain sentences, each with the next step; and a report for whoever helps.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Form,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use firmware_protocol::device::KINDS;
use maud::html;

use crate::{
    api::{App, doctor::examine},
    config::RadioKind,
    doctor::{Finding, Look},
    model::SOFTWARE,
    trouble::Cause,
    web::{
        door::Visit,
        form::{Fields, hidden, submit},
        page::{Here, Page, answer},
    },
    words::Phrase,
};

/// Longest report that is handed back, characters.
const REPORT_MAX: usize = 32 * 1024;

/// `GET /setup/check`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let examined = examine(Arc::clone(&app)).await;
    answer(app, visit, move |_, visit| {
        let (looks, findings) = examined?;
        let body = html! {
            @if findings.is_empty() {
                p { (visit.t("check-well")) }
            } @else {
                @for finding in &findings {
                    section.card {
                        h2 {
                            @match &finding.counter {
                                Some(name) => bdi { (name) },
                                None => (visit.t("check-found")),
                            }
                        }
                        p { (visit.say(&finding.cause.what())) }
                        p { (visit.t("check-next")) " " (visit.say(&finding.cause.next_step())) }
                        // How a kind of counter is woken is told in its maker's words.
                        @if finding.cause == Cause::NotHeard && finding.counter.is_some() {
                            p.muted lang="en" dir="ltr" { (finding.next_step) }
                        }
                    }
                }
            }
            h2 { (visit.t("check-looked")) }
            ul {
                @for look in &looks {
                    li {
                        @if look.fine { (visit.say(&Phrase::new("check-fine").with("what", look.what.clone()))) }
                        @else { (visit.say(&Phrase::new("check-not").with("what", look.what.clone()))) }
                    }
                }
            }
            p.actions {
                a.button href="/setup/check" { (visit.t("check-again")) }
                a.button.quiet href="/setup/check/report" { (visit.t("check-report")) }
            }
            p { a href="/setup" { (visit.t("setup-back")) } }
        };
        Ok(Page { here: Here::Setup, title: Phrase::new("check-title"), body })
    })
    .await
}

/// `GET /setup/check/report`
pub async fn report(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let examined = examine(Arc::clone(&app)).await;
    answer(app, visit, move |app, visit| {
        let (looks, findings) = examined?;
        let text = in_plain_text(app.config.bluetooth.radio, &looks, &findings);
        let body = html! {
            p { (visit.t("report-about")) }
            form method="post" action="/setup/check/report" {
                (hidden(visit, "report"))
                div.field {
                    label for="report" { (visit.t("report-label")) }
                    textarea id="report" name="report" rows="16" lang="en" dir="ltr" { (text) }
                }
                div.actions {
                    (submit(visit, &Phrase::new("report-save")))
                    a.button.quiet href="/setup/check" { (visit.t("report-leave")) }
                }
            }
        };
        Ok(Page { here: Here::Setup, title: Phrase::new("report-title"), body })
    })
    .await
}

/// `POST /setup/check/report`: what was seen, as a file.
pub async fn save(_visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    let fields = Fields(sent);
    let kept = fields.text("report").unwrap_or_default().chars().filter(|c| *c != '\r').take(REPORT_MAX);
    let text: String = kept.chain(['\n']).collect();
    let head = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"brisk-report.txt\""),
    ];
    (head, text).into_response()
}

/// What somebody who helps has to know: no names, no numbers of anybody's steps, no identities.
fn in_plain_text(radio: RadioKind, looks: &[Look], findings: &[Finding]) -> String {
    let mut text = format!(
        "{SOFTWARE} on {} {}\nradio: {}\nkinds of counters known: {}\n\nLooked at:\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
        match radio {
            RadioKind::Bluetooth => "bluetooth",
            RadioKind::Simulated => "simulated",
        },
        KINDS.len(),
    );
    let mut line = |words: std::fmt::Arguments| {
        // Writing into a text cannot come to nothing.
        text.write_fmt(words).ok();
    };
    for look in looks {
        line(format_args!("  {} {}\n", if look.fine { "ok " } else { "NOT" }, look.plain));
    }
    line(format_args!("\nFound:\n"));
    if findings.is_empty() {
        line(format_args!("  nothing\n"));
    }
    for finding in findings {
        line(format_args!("  {} {}\n", finding.cause.what(), finding.cause.next_step()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_holds_no_name_and_no_identity() {
        let looks = [Look {
            fine: false,
            what: Phrase::new("look-counter").with("name", "Anna's band").with("kind", "open step log"),
            plain: Phrase::new("look-counter-plain").with("kind", "open step log"),
        }];
        let findings = [Finding {
            cause: Cause::NotHeard,
            counter: Some("Anna's band".to_owned()),
            what: String::new(),
            next_step: String::new(),
        }];

        let text = in_plain_text(RadioKind::Bluetooth, &looks, &findings);

        assert!(text.contains("NOT a counter (open step log)") && text.contains("was not heard"), "{text}");
        assert!(!text.contains("Anna"), "{text}");
    }
}

//! `brisk doctor`: what is wrong, in plain words, and the next step.

use super::{Context, Exit, paint::say, print_json};
use crate::{
    api::{Asked, doctor::DoctorReply},
    doctor,
    store::StoreError,
    trouble::Cause,
};

/// Runs the command. A finding is a result, not a failure of the command; scripts look at the exit code all the same.
pub fn doctor(context: &Context) -> anyhow::Result<Exit> {
    let asked = super::with_session(context, |session| {
        let waiting = super::spinner(context, "looking");
        let reply: DoctorReply = session.get("doctor", &Asked::default())?;
        waiting.finish_and_clear();
        show(context, &reply)
    });
    match asked {
        // Where the data cannot even be opened, that is the finding.
        Err(error) => match error.downcast_ref().and_then(of_store) {
            Some(cause) => {
                let findings = vec![doctor::without_data(cause)];
                show(
                    context,
                    &DoctorReply { looked_at: vec![format!("NOT the data can be opened: {error}")], findings },
                )
            }
            None => Err(error),
        },
        shown => shown,
    }
}

fn of_store(error: &StoreError) -> Option<Cause> {
    match error {
        StoreError::Full { .. } => Some(Cause::DiskFull),
        StoreError::Open { source, .. } | StoreError::Io { source, .. } => Some(Cause::of_disk(source)),
        _ => None,
    }
}

fn show(context: &Context, reply: &DoctorReply) -> anyhow::Result<Exit> {
    if context.global.json {
        print_json(reply)?;
    } else {
        for line in &reply.looked_at {
            say(line)?;
        }
        if reply.findings.is_empty() {
            say("\nAll is well.")?;
        }
        for finding in &reply.findings {
            let which = finding.counter.as_ref().map_or_else(String::new, |counter| format!("{counter}: "));
            say(format_args!("\n{which}{}\n  → {}", finding.what, finding.next_step))?;
        }
    }
    Ok(if reply.findings.is_empty() { Exit::Ok } else { Exit::Failed })
}

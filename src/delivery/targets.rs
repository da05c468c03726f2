//! The databases of the settings, each with its courier.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Courier, Study, StudyError};
use crate::{
    config::{Config, Secret, Target, TargetKind, TargetName, read_secret},
    export::{
        StudyDay,
        fhir::{Fhir, FhirSettings, Goals},
        postgres::{Postgres, PostgresSettings},
        redcap::{Redcap, RedcapSettings},
        target::{Export, Held, Trouble, Verdict, Withdrawal},
    },
    model::ParticipantId,
};

/// Every database that days are brought to.
pub struct Deliveries {
    study: Result<Study, StudyError>,
    targets: Vec<(Target, Mutex<Courier>)>,
}

impl Deliveries {
    /// The databases of these settings. `assets` is what the study calls each counter, by the counter's identity.
    pub fn new(config: &Config, assets: BTreeMap<String, String>) -> Self {
        let arm_kept_back = config.study.keep_arm_back;
        Self::speaking(config, assets, &|target| {
            let target = target.clone();
            let open = move || open(&target, arm_kept_back);
            Box::new(Fresh { now: open(), open: Box::new(open) })
        })
    }

    /// The same, with `open` to make what speaks with each.
    pub fn speaking(
        config: &Config,
        assets: BTreeMap<String, String>,
        open: &dyn Fn(&Target) -> Box<dyn Export>,
    ) -> Self {
        let targets = config.target.iter().map(|target| {
            let mut seed = [0; 8];
            if getrandom::fill(&mut seed).is_err() {
                tracing::debug!("the system gave no chance: pauses are the same in every home, and no less right");
            }
            let courier = Courier::new(target.name.as_str(), open(target), target.pace, u64::from_le_bytes(seed));
            (target.clone(), Mutex::new(courier))
        });
        Self { study: Study::new(config, assets), targets: targets.collect() }
    }

    /// The study, or why nothing can be sent.
    ///
    /// # Errors
    /// When the settings name none, or nobody takes part.
    pub fn study(&self) -> Result<&Study, &StudyError> {
        self.study.as_ref()
    }

    /// The databases, in the order of the settings.
    pub fn all(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().map(|(target, _)| target)
    }

    /// No courier takes a step while these are held.
    pub fn stand_still(&self) -> Vec<MutexGuard<'_, Courier>> {
        self.targets.iter().map(|(_, courier)| courier.lock().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    /// The courier to this database; whoever else asks for it waits.
    pub fn courier(&self, name: &TargetName) -> Option<MutexGuard<'_, Courier>> {
        let (_, courier) = self.targets.iter().find(|(target, _)| target.name == *name)?;
        Some(courier.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What speaks with the database. Where the settings do not suffice, something that says so whenever it is asked.
fn open(target: &Target, arm_kept_back: bool) -> Box<dyn Export> {
    let secret = match target.secret.as_deref().map(read_secret).transpose() {
        Ok(secret) => secret,
        Err(error) => return Box::new(Unusable(error.to_string())),
    };
    let ca = match target.ca.as_deref().map(|path| fs::read(path).map_err(|error| (path, error))).transpose() {
        Ok(ca) => ca,
        Err((path, error)) => {
            let text = format!(
                "the certificate in {} cannot be read ({error}); nothing was sent. Put it there, or correct `ca`",
                path.display()
            );
            return Box::new(Unusable(text));
        }
    };
    speaker(target, secret.as_ref(), ca, arm_kept_back)
}

/// What speaks with a database, made anew from settings and files whenever it is looked at: a token or certificate that
/// was put right is used without a new start.
struct Fresh {
    open: Box<dyn Fn() -> Box<dyn Export> + Send>,
    now: Box<dyn Export>,
}

impl Export for Fresh {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        self.now = (self.open)();
        self.now.check()
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        self.now.send(days)
    }

    fn held(&mut self, study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        self.now.held(study, participant)
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        self.now.withdraw(withdrawal)
    }

    fn at_once(&self) -> usize {
        self.now.at_once()
    }
}

fn speaker(target: &Target, secret: Option<&Secret>, ca_pem: Option<Vec<u8>>, arm_kept_back: bool) -> Box<dyn Export> {
    let secret = secret.map(|secret| secret.reveal().to_owned());
    let (url, days_at_once) = (target.url.clone(), usize::from(target.days_at_once));
    let made: Result<Box<dyn Export>, Trouble> = match target.kind {
        TargetKind::Redcap => {
            let (token, event) = (secret.unwrap_or_default(), target.event.clone());
            Redcap::new(RedcapSettings { url, token, ca_pem, event, days_at_once }).map(|it| Box::new(it) as _)
        }
        TargetKind::Postgres => {
            Postgres::new(PostgresSettings { url, password: secret, ca_pem, days_at_once }).map(|it| Box::new(it) as _)
        }
        TargetKind::Fhir => {
            let system = target.system.clone().unwrap_or_default();
            let goals = if arm_kept_back { Goals::KeptBack } else { Goals::Sent };
            let settings = FhirSettings { base_url: url, token: secret, ca_pem, system, days_at_once, goals };
            Fhir::new(settings).map(|it| Box::new(it) as _)
        }
    };
    made.unwrap_or_else(|trouble| Box::new(Unusable(trouble.to_string())))
}

/// A database that cannot be asked: why.
struct Unusable(String);

impl Export for Unusable {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        Err(Trouble::stopped(self.0.clone()))
    }

    fn send(&mut self, _days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        Err(Trouble::stopped(self.0.clone()))
    }

    fn held(&mut self, _study: &ParticipantId, _participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        Err(Trouble::stopped(self.0.clone()))
    }

    fn withdraw(&mut self, _withdrawal: &Withdrawal) -> Result<(), Trouble> {
        Err(Trouble::stopped(self.0.clone()))
    }
}

//! Browsers that were let in: each has a secret in its cookie, of which only what follows from it is kept, in a file
//! that only this user can read.

use std::{io, path::PathBuf};

use axum::http::{HeaderMap, header};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::random;
use crate::{
    model::{ParticipantId, hex},
    store::files,
};

/// Name of the file within the data folder.
const FILE: &str = "browsers.json";
/// Version of the file's format.
const VERSION: u32 = 1;
/// Name of the cookie.
const COOKIE: &str = "brisk";
/// A browser stays let in for so long; browsers keep no cookie longer than that.
const LIFE: TimeDelta = TimeDelta::days(400);
/// With one more browser, the one that was seen longest ago has to enter a code again.
const MOST: usize = 64;

/// A browser that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// What it is called here: eight letters and digits.
    pub id: String,
    /// Whose pages it shows.
    pub person: ParticipantId,
    /// What it says it is, such as "Firefox on Android".
    pub name: String,
    /// When it was let in.
    pub since: DateTime<Utc>,
    /// The day on which it last asked for something, as far as it was written down.
    pub seen: NaiveDate,
    /// What follows from its secret.
    secret: String,
}

/// Which browsers lose their way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one with this id.
    One(String),
    /// Those that show this person's pages.
    Of(ParticipantId),
    /// All.
    All,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    browsers: Vec<Browser>,
}

/// All of them, and the file in which they are kept.
pub struct Browsers {
    file: PathBuf,
    list: Vec<Browser>,
}

/// What is known of whoever asks, by the cookie.
pub struct Known {
    /// Whose pages it shows.
    pub person: ParticipantId,
    /// What its forms carry.
    pub token: String,
    /// What it is called here.
    pub id: String,
}

impl Browsers {
    /// As they were kept in this data folder. When the file cannot be read, none is let in, and each needs a code again.
    pub fn load(data: &std::path::Path) -> Self {
        let file = data.join(FILE);
        let list = match std::fs::read(&file) {
            Ok(bytes) => match serde_json::from_slice::<Kept>(&bytes) {
                Ok(kept) if kept.version == VERSION => kept.browsers,
                _ => {
                    tracing::warn!("the list of browsers cannot be read: each needs a new code, from `brisk web code`");
                    Vec::new()
                }
            },
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "the list of browsers cannot be read: each needs a new code");
                }
                Vec::new()
            }
        };
        Self { file, list }
    }

    /// All of them, in the order in which they were let in.
    pub fn list(&self) -> &[Browser] {
        &self.list
    }

    /// Lets one more in. Gives the value of `Set-Cookie` once it is on disk. Blocks.
    ///
    /// # Errors
    /// When it cannot be written down; nobody is let in then.
    pub fn admit(&mut self, person: &ParticipantId, headers: &HeaderMap, now: DateTime<Utc>) -> io::Result<String> {
        let secret = hex(&random::secret()?);
        let browser = Browser {
            id: hex(&random::secret()?).chars().take(8).collect(),
            person: person.clone(),
            name: name(headers),
            since: DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now),
            seen: now.date_naive(),
            secret: random::derived(&secret, "session"),
        };
        let mut list = self.list.clone();
        if list.len() >= MOST
            && let Some(oldest) =
                list.iter().enumerate().min_by_key(|(_, browser)| browser.seen).map(|(place, _)| place)
        {
            list.remove(oldest);
        }
        list.push(browser);
        self.keep(list)?;
        // No `Secure`: the pages are served without TLS, on this computer or in this home.
        let age = LIFE.num_seconds();
        Ok(format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}"))
    }

    /// Who asks, by the cookie; none when nobody with it is let in. A clock that nobody has set yet ends nothing.
    pub fn recognise(&mut self, headers: &HeaderMap, now: DateTime<Utc>, believed: bool) -> Option<Known> {
        let (place, token) = cookies(headers).find_map(|secret| {
            let session = random::derived(secret, "session");
            let place = self.list.iter().position(|browser| random::same(&browser.secret, &session))?;
            Some((place, random::derived(secret, "form")))
        })?;
        let browser = self.list.get_mut(place)?;
        if believed && now - browser.since >= LIFE {
            return None;
        }
        // Goes to disk with the next change of the list: asking for a page writes nothing.
        browser.seen = browser.seen.max(now.date_naive());
        Some(Known { person: browser.person.clone(), token, id: browser.id.clone() })
    }

    /// Lets some in no more; says how many. Blocks.
    ///
    /// # Errors
    /// When it cannot be written down; they are still let in then.
    pub fn revoke(&mut self, which: &Which) -> io::Result<usize> {
        let gone = |browser: &Browser| match which {
            Which::One(id) => browser.id == *id,
            Which::Of(person) => browser.person == *person,
            Which::All => true,
        };
        let kept: Vec<_> = self.list.iter().filter(|browser| !gone(browser)).cloned().collect();
        let count = self.list.len() - kept.len();
        if count > 0 {
            self.keep(kept)?;
        }
        Ok(count)
    }

    fn keep(&mut self, list: Vec<Browser>) -> io::Result<()> {
        let kept = Kept { version: VERSION, browsers: list };
        files::replace(&self.file, &serde_json::to_vec(&kept)?)?;
        self.list = kept.browsers;
        Ok(())
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// What a browser says it is, in two words that a person recognises.
fn name(headers: &HeaderMap) -> String {
    let says = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&str, &'static str)], otherwise: &'static str| {
        known.iter().find(|(mark, _)| says.contains(mark)).map_or(otherwise, |(_, name)| name)
    };
    // Most say that they are several; who is named first here is meant.
    let browser = [("Firefox", "Firefox"), ("Edg", "Edge"), ("Chrom", "Chrome"), ("Safari", "Safari")];
    let system = [
        ("Android", "Android"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "a Mac"),
        ("Linux", "Linux"),
    ];
    format!("{} on {}", first(&browser, "Another browser"), first(&system, "another system"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::days(day)
    }

    fn person(id: &str) -> ParticipantId {
        id.parse().unwrap()
    }

    fn with_cookie(set: &str) -> HeaderMap {
        let pair = set.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, format!("theme=dark; {pair}").parse().unwrap())])
    }

    #[test]
    fn a_browser_is_known_by_its_secret_and_the_file_does_not_hold_it() {
        let data = tempfile::tempdir().unwrap();
        let mut browsers = Browsers::load(data.path());
        let agent = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0".parse().unwrap();
        let headers = HeaderMap::from_iter([(header::USER_AGENT, agent)]);

        let set = browsers.admit(&person("me"), &headers, at(0)).unwrap();

        let cookie = with_cookie(&set);
        let known = browsers.recognise(&cookie, at(1), true).unwrap();
        let mut again = Browsers::load(data.path());
        assert_eq!(again.recognise(&cookie, at(2), true).unwrap().token, known.token);
        assert_eq!((again.list()[0].name.as_str(), known.id), ("Firefox on Android", again.list()[0].id.clone()));
        let file = std::fs::read_to_string(data.path().join(FILE)).unwrap();
        let secret = set.split(['=', ';']).nth(1).unwrap();
        assert!(secret.len() == 64 && !file.contains(secret) && !file.contains(&known.token), "{file}");
        assert_eq!(std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(set.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=34560000"), "{set}");
    }

    #[test]
    fn who_has_another_cookie_or_none_is_not_known() {
        let data = tempfile::tempdir().unwrap();
        let mut browsers = Browsers::load(data.path());
        browsers.admit(&person("me"), &HeaderMap::new(), at(0)).unwrap();

        for cookie in ["", "brisk=", "brisk", "brisk=00", "other=1", "brisk=; brisk="] {
            let headers = HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
            assert!(browsers.recognise(&headers, at(0), true).is_none(), "{cookie}");
        }
        let stored = browsers.list()[0].secret.clone();
        assert!(browsers.recognise(&with_cookie(&format!("brisk={stored}")), at(0), true).is_none());
    }

    #[test]
    fn a_way_in_ends_after_400_days_once_the_clock_is_set() {
        let data = tempfile::tempdir().unwrap();
        let mut browsers = Browsers::load(data.path());
        let cookie = with_cookie(&browsers.admit(&person("me"), &HeaderMap::new(), at(0)).unwrap());

        assert!(browsers.recognise(&cookie, at(399), true).is_some());
        assert!(browsers.recognise(&cookie, at(400), true).is_none());
        assert!(browsers.recognise(&cookie, at(400), false).is_some());
    }

    #[test]
    fn browsers_are_let_in_no_more_one_by_one_by_person_and_all() {
        let data = tempfile::tempdir().unwrap();
        let mut browsers = Browsers::load(data.path());
        let admit =
            |browsers: &mut Browsers, id| with_cookie(&browsers.admit(&person(id), &HeaderMap::new(), at(0)).unwrap());
        let cookies = ["a", "a", "b", "c"].map(|id| admit(&mut browsers, id));
        let first = browsers.list()[0].id.clone();

        assert_eq!(browsers.revoke(&Which::One("nobody".to_owned())).unwrap(), 0);
        assert_eq!(browsers.revoke(&Which::One(first)).unwrap(), 1);
        assert_eq!(browsers.revoke(&Which::Of(person("b"))).unwrap(), 1);
        let mut again = Browsers::load(data.path());
        let known = cookies.each_ref().map(|cookie| again.recognise(cookie, at(0), true).is_some());
        assert_eq!(known, [false, true, false, true]);
        assert_eq!(browsers.revoke(&Which::All).unwrap(), 2);
        assert!(Browsers::load(data.path()).list().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_lets_nobody_in() {
        let data = tempfile::tempdir().unwrap();
        for text in ["", "{", "{\"version\":2,\"browsers\":[]}"] {
            std::fs::File::create(data.path().join(FILE))
                .and_then(|mut f| io::Write::write_all(&mut f, text.as_bytes()))
                .unwrap();
            assert!(Browsers::load(data.path()).list().is_empty(), "{text}");
        }
    }

    #[test]
    fn there_are_never_more_than_a_household_needs() {
        let data = tempfile::tempdir().unwrap();
        let mut browsers = Browsers::load(data.path());
        browsers.list = (0..MOST)
            .map(|n| Browser {
                id: n.to_string(),
                person: person("me"),
                name: String::new(),
                since: at(0),
                seen: at(if n == 5 { 0 } else { 9 }).date_naive(),
                secret: String::new(),
            })
            .collect();

        browsers.admit(&person("me"), &HeaderMap::new(), at(10)).unwrap();

        assert_eq!(browsers.list().len(), MOST);
        assert!(!browsers.list().iter().any(|browser| browser.id == "5"));
    }
}

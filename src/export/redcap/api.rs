//! One request to REDCap's API: the token goes out with it, and never comes back.

use std::{fmt, time::Duration};

use ureq::http::header;

use crate::export::{
    http::{Answer, Client, refused},
    target::Trouble,
};

const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const FORM: &str = "https://redcap.example.org/api/";

/// The token of a project. `Debug` hides it.
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// A project's API.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    token: Token,
}

impl Api {
    /// # Errors
    /// When the address, the token or the certificate cannot be used.
    pub(super) fn new(url: &str, token: String, ca_pem: Option<&[u8]>) -> Result<Self, Trouble> {
        let client = Client::new(url, FORM, ca_pem, ANSWER_WITHIN)?;
        if !client.url.path().ends_with("/api/") {
            return Err(refused("does not end in /api/", FORM));
        }
        let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_token {
            return Err(Trouble::stopped(
                "what stands in the file of `secret` is not the API token of a REDCap project, which is 32 digits and letters A to F; nothing was sent. Ask the study's data manager for it",
            ));
        }
        Ok(Self { client, token: Token(token) })
    }

    /// Where it is, for people to read.
    pub(super) fn host(&self) -> &str {
        self.client.host()
    }

    /// Sends a form, with the token and the wish for JSON, and reads the answer, without the token should it hold that.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(super) fn ask(&self, form: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let common = [("token", self.token.0.as_str()), ("format", "json"), ("returnFormat", "json")];
        let request = self.client.agent.post(&self.client.url).header(header::ACCEPT, "application/json");
        let mut answer = self.client.read(request.send_form(common.iter().chain(form).copied()))?;
        answer.body = String::from_utf8_lossy(&answer.body).replace(&self.token.0, "(token)").into_bytes();
        Ok(answer)
    }
}

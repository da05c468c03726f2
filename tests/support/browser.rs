//! A browser without a script: it asks for pages, fills in forms as they stand, and follows where they lead.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{Home, PATIENCE, until};

/// What came back, after all that was followed.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    /// The address at which it ended.
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// Whether the page says this.
    pub fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The form that is sent to this address.
    fn form(&self, action: &str) -> &str {
        let place = self.body.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no {action}: {self:?}"));
        let begin = self.body[..place].rfind("<form").unwrap();
        let end = self.body[begin..].find("</form>").unwrap();
        &self.body[begin..begin + end]
    }

    /// The values that a field of a form offers, such as of radio buttons or hidden fields.
    pub fn offered(&self, action: &str, name: &str) -> Vec<String> {
        let tags = self.form(action).split('<').filter(|tag| attribute(tag, "name").as_deref() == Some(name));
        tags.filter_map(|tag| attribute(tag, "value")).collect()
    }
}

/// The value of an attribute within a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

pub struct Browser {
    host: String,
    cookies: Vec<String>,
}

impl Browser {
    /// Let in to the pages of this home's daemon, with the code that the command line gives.
    pub fn let_in(home: &Home) -> Self {
        let door = home.json(&["web", "code"]);
        let [url, code] = ["url", "code"].map(|name| door[name].as_str().unwrap());
        let host = url.split('/').nth(2).unwrap().to_owned();
        let mut browser = Self { host, cookies: Vec::new() };
        let page = browser.get("/enter");
        let inside = browser.send(&page, "/enter", &[("code", code)]);
        assert_eq!((inside.status, inside.path.as_str()), (200, "/"), "{inside:?}");
        browser
    }

    pub fn get(&mut self, path: &str) -> Seen {
        self.follow("GET", path, None)
    }

    /// Asks until the page says this.
    pub fn get_until(&mut self, path: &str, text: &str) -> Seen {
        until(&format!("{path} says {text:?}"), || Some(self.get(path)).filter(|seen| seen.says(text)))
    }

    /// Fills a form of this page in and sends it, with the hidden fields that stand in it.
    pub fn send(&mut self, page: &Seen, action: &str, typed: &[(&str, &str)]) -> Seen {
        let hidden = page.form(action).split('<').filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        let mut fields: Vec<_> =
            hidden.map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default())).collect();
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        self.follow("POST", action, Some(&body.join("&")))
    }

    fn follow(&mut self, method: &str, path: &str, body: Option<&str>) -> Seen {
        let mut seen = self.ask(method, path, body);
        for _ in 0..5 {
            if seen.status != 303 {
                return seen;
            }
            let path = seen.header("location").unwrap().to_owned();
            seen = self.ask("GET", &path, None);
        }
        panic!("it leads nowhere: {seen:?}");
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<&str>) -> Seen {
        let host = &self.host;
        let cookies = match self.cookies.as_slice() {
            [] => String::new(),
            cookies => format!("Cookie: {}\r\n", cookies.join("; ")),
        };
        let sent = body.map_or_else(String::new, |body| {
            format!(
                "Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            )
        });
        let body = body.unwrap_or_default();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{cookies}{sent}\r\n{body}");
        // While the counters of the home change, the pages are wired anew: a browser asks again, too.
        let answer = until("the pages answer", || {
            let mut stream = TcpStream::connect(host).ok()?;
            stream.set_read_timeout(Some(PATIENCE.min(Duration::from_secs(10)))).ok()?;
            stream.write_all(request.as_bytes()).ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            (!answer.is_empty()).then_some(answer)
        });
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let seen = Seen {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            path: path.to_owned(),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        if let Some(cookie) = seen.header("set-cookie") {
            self.cookies.push(cookie.split(';').next().unwrap().to_owned());
        }
        seen
    }
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

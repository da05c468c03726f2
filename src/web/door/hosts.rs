//! The names under which this computer's pages are asked for. A page of somewhere else whose own name was pointed at
//! this computer (DNS rebinding) still asks under that name, and is told nothing.

use std::{fs, net::IpAddr};

use axum::http::{HeaderMap, Uri, header};

use super::Came;

/// The names that are answered to.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Of the settings: on this computer.
    here: Vec<String>,
    /// What other computers call this one.
    machine: Vec<String>,
    port: u16,
}

impl Hosts {
    /// These names on this computer and, for other computers, what the machine is called, all with this port.
    pub fn new(here: &[String], port: u16) -> Self {
        Self { here: here.to_vec(), machine: names_of_this_machine(), port }
    }

    /// Whether a `Host` is one of the names, to the letter: browsers write them in lower case. Other computers are
    /// answered under the machine's name and under the very address that they reached.
    pub fn allow(&self, host: &str, came: Came, exposed: bool) -> bool {
        let named = |name: &str| self.with_port(name) == host;
        let at_address = || named(&in_host(came.local));
        self.here.iter().any(|name| named(name))
            || exposed && (self.machine.iter().any(|name| named(name)) || !came.is_from_here() && at_address())
    }

    /// The address of the pages on this computer.
    pub fn url(&self) -> String {
        format!("http://{}/", self.with_port(self.here.first().map_or("localhost", String::as_str)))
    }

    /// The addresses of the pages for other computers: by this address of the machine, then by its names.
    pub fn urls_from_elsewhere(&self, address: Option<IpAddr>) -> Vec<String> {
        let address = address.map(in_host);
        let names = address.iter().chain(&self.machine);
        names.map(|name| format!("http://{}/", self.with_port(name))).collect()
    }

    /// The name as it stands in `Host`: browsers leave the port of HTTP out.
    fn with_port(&self, name: &str) -> String {
        if self.port == 80 { name.to_owned() } else { format!("{name}:{}", self.port) }
    }
}

/// The `Host` of a request, when there is exactly one and the address does not name another.
pub fn asked_for<'a>(uri: &Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    let alone = all.next().is_none();
    let same = uri.authority().is_none_or(|authority| authority.as_str() == host);
    (alone && same).then_some(host)
}

fn in_host(address: IpAddr) -> String {
    // Who listens at `::` is reached by IPv4 too, under an address of IPv6 that no browser writes.
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The host name, and the one that other computers find it by without a name server.
fn names_of_this_machine() -> Vec<String> {
    let read = ["/etc/hostname", "/proc/sys/kernel/hostname"].iter().find_map(|file| fs::read_to_string(file).ok());
    let name = read.unwrap_or_default().trim().to_ascii_lowercase();
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if name.is_empty() || name == "localhost" || !is_name(&name) {
        return Vec::new();
    }
    let first = name.split('.').next().unwrap_or(&name);
    vec![format!("{first}.local"), name.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(port: u16) -> Hosts {
        let here = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        Hosts { machine: vec!["pi.local".to_owned(), "pi".to_owned()], ..Hosts::new(&here, port) }
    }

    #[test]
    fn only_the_names_of_this_computer_with_the_port_of_the_pages_are_answered_to() {
        for host in ["localhost:8791", "127.0.0.1:8791", "[::1]:8791"] {
            assert!(hosts(8791).allow(host, Came::HERE, false), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8791",
            "localhost.evil.example:8791",
            "127.0.0.1.nip.io:8791",
            "localhost",
            "localhost:80",
            "localhost:9999",
            "localhost:8791:8791",
            "localhost.:8791",
            "LOCALHOST:8791",
            "user@localhost:8791",
            "localhost:8791@evil.example",
            "0.0.0.0:8791",
            "127.1:8791",
            "[::1]:bad",
            "::1:8791",
            "pi.local:8791",
            "",
        ] {
            assert!(!hosts(8791).allow(host, Came::HERE, false), "{host}");
        }
    }

    #[test]
    fn a_browser_leaves_the_port_of_http_out() {
        assert!(hosts(80).allow("localhost", Came::HERE, false));
        assert!(!hosts(80).allow("localhost:80", Came::HERE, false));
        assert_eq!(hosts(80).url(), "http://localhost/");
    }

    #[test]
    fn other_computers_know_this_one_by_its_name_and_by_the_address_they_reached() {
        let came = Came { peer: "192.168.1.20".parse().unwrap(), local: "192.168.1.5".parse().unwrap() };

        for host in ["pi:8791", "pi.local:8791", "192.168.1.5:8791"] {
            assert!(hosts(8791).allow(host, came, true), "{host}");
            assert!(!hosts(8791).allow(host, came, false), "{host}");
        }
        for host in ["192.168.1.6:8791", "192.168.1.5", "192.168.1.5.nip.io:8791", "pi.evil.example:8791"] {
            assert!(!hosts(8791).allow(host, came, true), "{host}");
        }
        assert_eq!(
            hosts(8791).urls_from_elsewhere(Some(came.local)),
            ["http://192.168.1.5:8791/", "http://pi.local:8791/", "http://pi:8791/"]
        );
    }

    #[test]
    fn an_address_of_ipv4_is_known_where_all_addresses_are_listened_to_as_ipv6() {
        let came = Came { peer: "::ffff:192.168.1.20".parse().unwrap(), local: "::ffff:192.168.1.5".parse().unwrap() };

        assert!(hosts(8791).allow("192.168.1.5:8791", came, true));
        assert!(!hosts(8791).allow("192.168.1.6:8791", came, true));
    }

    #[test]
    fn one_host_is_asked_for_and_the_address_names_no_other() {
        let asked = |uri: &str, hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            asked_for(&uri.parse().unwrap(), &headers).map(str::to_owned)
        };

        assert_eq!(asked("/", &["localhost:8791"]).as_deref(), Some("localhost:8791"));
        assert_eq!(asked("/", &[]), None);
        assert_eq!(asked("/", &["localhost:8791", "evil.example"]), None);
        assert_eq!(asked("http://evil.example/", &["localhost:8791"]), None);
        assert_eq!(asked("http://localhost:8791/", &["localhost:8791"]).as_deref(), Some("localhost:8791"));
    }
}

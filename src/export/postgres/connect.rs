//! The way to the server: the address, encryption, and a deadline for everything.

use std::{net::IpAddr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::trouble::Failure;
use crate::export::target::Trouble;

/// A call ends after this time, whatever the network does.
const DEADLINE: Duration = Duration::from_secs(60);
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// The server gives up a statement after this, and before that a wait for a lock.
const STATEMENT_WITHIN: Duration = Duration::from_secs(30);
const LOCK_WITHIN: Duration = Duration::from_secs(10);

/// How the server is reached.
pub(super) struct Door {
    config: Config,
    tls: MakeRustlsConnect,
    pub(super) deadline: Duration,
}

impl Door {
    pub(super) fn new(url: &str, password: Option<&str>, ca_pem: Option<&[u8]>) -> Result<Self, Trouble> {
        // The two strictest modes of libpq are what "require" always means here.
        let url = url.replace("sslmode=verify-full", "sslmode=require");
        let mut config: Config = url.parse().map_err(|_| {
            Trouble::stopped(
                "The address of the trial database is not one: it looks like postgres://role@host:5432/database. Nothing \
                 was sent. Correct `url` of this target in the settings.",
            )
        })?;
        if config.get_password().is_some() {
            return Err(Trouble::stopped(
                "The address of the trial database holds a password. Nothing was sent. Take it out of `url`, put it into a \
                 file that only its owner can read, and name that file in `secret`.",
            ));
        }
        if config.get_hosts().is_empty() || config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(Trouble::stopped(
                "The address of the trial database is not whole: it names a role, a host and a database, as in \
                 postgres://role@host:5432/database. Nothing was sent. Correct `url` of this target in the settings.",
            ));
        }
        config.ssl_mode(ssl_mode(&config, ca_pem.is_some()));
        if let Some(password) = password {
            config.password(password);
        }
        config.application_name(concat!("brisk ", env!("CARGO_PKG_VERSION"))).connect_timeout(CONNECT_WITHIN);
        Ok(Self { config, tls: MakeRustlsConnect::new(tls(ca_pem)?), deadline: DEADLINE })
    }

    pub(super) fn encrypted(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }

    /// Connects, works, and leaves.
    pub(super) fn visit<T>(&self, work: impl super::Work<T>) -> Result<T, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            Trouble::passing(format!(
                "Nothing was sent to the trial database: this machine is short of means: {error}."
            ))
        })?;
        let done = runtime.block_on(async {
            let visit = async {
                let (client, connection) = self.config.connect(self.tls.clone()).await?;
                let connection = tokio::spawn(connection);
                client.batch_execute(&self.session()).await?;
                let done = work(&client).await;
                // So that the server is told of the end, and does not log a client that vanished.
                drop(client);
                connection.await.ok();
                done
            };
            tokio::time::timeout(self.deadline, visit).await.unwrap_or(Err(Failure::Late))
        });
        // A name server that does not answer must not hold the call up.
        runtime.shutdown_background();
        done.map_err(|failure| failure.trouble())
    }

    /// Limits as statements, since poolers do not pass them on as options of the connection.
    fn session(&self) -> String {
        let ms = |limit: Duration| limit.min(self.deadline).as_millis().max(1);
        format!("SET statement_timeout = {}; SET lock_timeout = {}", ms(STATEMENT_WITHIN), ms(LOCK_WITHIN))
    }
}

/// Whatever the address says, days leave this machine encrypted only.
fn ssl_mode(config: &Config, has_ca: bool) -> SslMode {
    let here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    };
    let on_this_machine = config.get_hosts().iter().all(here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    let is_socket = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    if on_this_machine && (is_socket || config.get_ssl_mode() != SslMode::Require && !has_ca) {
        SslMode::Disable
    } else {
        SslMode::Require
    }
}

fn tls(ca_pem: Option<&[u8]>) -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        let bad = || {
            Trouble::stopped(
                "The file in `ca` holds no certificate that can be used. Nothing was sent. It is the study's \
                 certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----.",
            )
        };
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(|_| bad())?).map_err(|_| bad())?;
        }
        if roots.is_empty() {
            return Err(bad());
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::stopped(format!("This program cannot encrypt: {error}. Install it again.")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(url: &str) -> Result<Door, Trouble> {
        Door::new(url, None, None)
    }

    #[test]
    fn days_leave_this_machine_encrypted_only_whatever_the_address_says() {
        for (url, encrypted) in [
            ("postgres://h@db.example.org/trial", true),
            ("postgres://h@db.example.org/trial?sslmode=disable", true),
            ("postgres://h@db.example.org/trial?sslmode=prefer", true),
            ("postgres://h@db.example.org/trial?sslmode=verify-full", true),
            ("postgres://h@10.0.0.7/trial?sslmode=disable", true),
            ("postgres://h@localhost.example.org/trial", true),
            ("postgres://h@localhost,db.example.org/trial", true),
            ("postgres://h@localhost/trial?hostaddr=10.0.0.7", true),
            ("postgres://h@localhost/trial?sslmode=require", true),
            ("postgres://h@localhost/trial", false),
            ("postgres://h@127.0.0.1:5433/trial", false),
            ("postgres://h@[::1]/trial", false),
            ("postgres://h@%2Frun%2Fpostgresql/trial", false),
        ] {
            assert_eq!(door(url).unwrap_or_else(|error| panic!("{url}: {error}")).encrypted(), encrypted, "{url}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_told_with_the_next_step() {
        for (url, word) in [
            ("", "is not whole"),
            ("https://db.example.org/api/", "is not one"),
            ("postgres://db.example.org", "is not whole"),
            ("postgres://h:hunter2@db.example.org/trial", "`secret`"),
            ("postgres://h@db.example.org/trial?sslrootcert=x", "is not one"),
        ] {
            let said = door(url).err().expect(url).to_string();
            assert!(said.contains(word) && !said.contains("hunter2"), "{url}: {said}");
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not PEM"] {
            assert!(tls(Some(pem.as_bytes())).is_err(), "{pem:?}");
        }
    }
}

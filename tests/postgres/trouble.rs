//! What a home hears when it does not work: whether it passes, or who has to do what.

#![expect(clippy::disallowed_methods, reason = "whether a deadline holds is seen in real time")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use brisk::export::{
    postgres::{Postgres, PostgresSettings},
    target::{Export as _, Trouble, Verdict},
};

use super::{
    PASSWORD, PostgresServer, day, held, home, passing,
    proxy::{Fault, Proxy},
    stopped, store, target, trial, until,
};

/// Through the proxy, with little patience.
fn through(proxy: &Proxy) -> Postgres {
    let url = format!("postgres://home_1@127.0.0.1:{}/trial", proxy.port());
    target(url, Some(PASSWORD)).with_deadline(Duration::from_secs(5))
}

#[test]
fn a_wrong_password_role_or_database_stops_with_the_next_step() {
    let server = trial();

    for (url, password, words) in [
        (server.url("home_1"), Some("hunter2"), "file that `secret` names"),
        (server.url("home_1"), None, "file that `secret` names"),
        (server.url("nobody"), Some("hunter2"), "file that `secret` names"),
        (server.url("home_1").replace("/trial", "/trail"), Some(PASSWORD), "no database of this name"),
    ] {
        let said = stopped(target(url, password).check());

        assert!(said.contains(words) && said.contains("Nothing was sent"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains(PASSWORD), "{said}");
    }
}

#[test]
fn nothing_that_is_printed_shows_the_password() {
    let url = "postgres://home_1@127.0.0.1/trial".to_owned();
    let settings = PostgresSettings { url, password: Some("hunter2".to_owned()), ca_pem: None, days_at_once: 1 };

    let printed = format!("{settings:?}");
    let target = format!("{:?}", Postgres::new(settings).unwrap());

    assert!(!printed.contains("hunter2") && !target.contains("hunter2"), "{printed} {target}");
}

#[test]
fn a_server_that_is_away_passes_and_the_next_call_finds_it_again() {
    let mut server = trial();
    let mut home = home(&server, "home_1");
    store(&mut home, &day("P-1", "2026-11-19", 1));

    server.stop("immediate");
    let away = passing(home.send(&[day("P-1", "2026-11-20", 1)]));
    server.go_on();
    store(&mut home, &day("P-1", "2026-11-20", 1));

    assert!(away.contains("cannot be reached"), "{away}");
    assert_eq!(held(&mut home, "P-1").len(), 2, "what was acknowledged outlived the crash");
}

#[test]
fn a_line_cut_before_or_after_the_work_passes_and_the_day_is_there_once() {
    let server = trial();
    let proxy = Proxy::to(server.port());
    let mut home = through(&proxy);
    let sent = [day("P-1", "2026-11-20", 1)];
    let count = || server.run("SELECT count(*) FROM brisk.daily_activity");

    proxy.next("put_days", Fault::DropBefore);
    passing(home.send(&sent));
    assert_eq!(count(), "0", "nothing got there");

    proxy.next("put_days", Fault::DropAfter);
    passing(home.send(&sent));
    assert_eq!(count(), "1", "it got there, and home does not know");

    proxy.next("", Fault::Answer(b"HTTP/1.1 200 OK\r\n\r\n<html>Welcome</html>".to_vec()));
    passing(home.send(&sent));
    proxy.refuse(1);
    passing(home.send(&sent));
    assert_eq!(home.send(&sent).unwrap(), [Verdict::Stored]);
    assert_eq!((count().as_str(), proxy.waiting()), ("1", 0));
    assert_eq!(server.run("SELECT count(*) FROM brisk.daily_activity_audit"), "1", "the repetition changed nothing");
}

#[test]
fn a_line_that_falls_silent_ends_at_the_deadline() {
    let server = trial();
    let proxy = Proxy::to(server.port());
    let mut home = through(&proxy).with_deadline(Duration::from_millis(700));
    proxy.next("put_days", Fault::Silent);
    let began = Instant::now();

    let said = passing(home.send(&[day("P-1", "2026-11-20", 1)]));

    assert!(said.contains("did not answer in time"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_slow_line_is_waited_for() {
    let server = trial();
    let proxy = Proxy::to(server.port());
    proxy.next("put_days", Fault::Delay(Duration::from_millis(300)));

    store(&mut through(&proxy), &day("P-1", "2026-11-20", 1));

    assert_eq!(proxy.waiting(), 0);
}

#[test]
fn a_day_that_somebody_holds_or_a_shutdown_in_the_middle_passes() {
    let server = trial();
    let mut home = home(&server, "home_1").with_deadline(Duration::from_secs(20));
    let sent = day("P-1", "2026-11-20", 1);
    store(&mut home, &sent);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'home_1' AND wait_event_type = 'Lock'";
    let takes = "BEGIN; SELECT 1 FROM brisk.daily_activity FOR UPDATE; SELECT pg_sleep(50)";
    let mut holder = server.psql("trial").arg("-c").arg(takes).spawn().unwrap();
    let has_it = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    until("somebody holds the day", || server.run(has_it) == "1");

    let told = std::thread::scope(|scope| {
        let sending = scope.spawn(|| home.send(&[day("P-1", "2026-11-20", 2)]));
        until("home waits for the day", || server.run(waits) == "1");
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'home_1'");
        sending.join().unwrap()
    });
    let cut = passing(told);
    let busy = passing(home.with_deadline(Duration::from_secs(2)).send(&[day("P-1", "2026-11-20", 2)]));
    holder.kill().unwrap();
    holder.wait().unwrap();
    server.terminate_backends();

    assert!(cut.contains("is being restarted"), "{cut}");
    assert!(busy.contains("is sent again later") || busy.contains("asked again later"), "{busy}");
    store(&mut super::home(&server, "home_1"), &day("P-1", "2026-11-20", 2));
}

#[test]
fn too_many_visitors_pass() {
    let server = trial();
    server.run("ALTER ROLE home_1 CONNECTION LIMIT 0");

    let said = passing(home(&server, "home_1").check());

    assert!(said.contains("too many visitors"), "{said}");
}

#[test]
fn a_database_that_only_reads_for_now_passes() {
    let server = trial();
    server.run("ALTER ROLE home_1 SET default_transaction_read_only = on");

    let said = passing(home(&server, "home_1").send(&[day("P-1", "2026-11-20", 1)]));

    assert!(said.contains("read-only"), "{said}");
}

#[test]
fn a_server_without_the_migrations_stops_before_a_row_is_sent() {
    let server = PostgresServer::start();
    server.role("home_1", PASSWORD, &[]);

    let said = stopped(home(&server, "home_1").check());

    assert!(said.contains("lacks the migrations") && said.contains("docs/postgres.md"), "{said}");
}

#[test]
fn nobody_listens_and_it_passes() {
    // The port of a listener that is gone.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let said = passing(target(format!("postgres://h@127.0.0.1:{port}/trial"), None).check());

    assert!(said.contains("cannot be reached"), "{said}");
}

#[test]
fn the_server_proves_who_it_is_or_nothing_is_sent() {
    let mut server = trial();
    let folder = tempfile::tempdir().unwrap();
    let (ca, other_ca) = (authority(folder.path(), "ca"), authority(folder.path(), "other"));
    let url = format!("postgres://home_1@localhost:{}/trial?sslmode=verify-full", server.port());
    let with = |url: &str, ca: &[u8]| {
        let settings = PostgresSettings {
            url: url.to_owned(),
            password: Some(PASSWORD.to_owned()),
            ca_pem: Some(ca.to_owned()),
            days_at_once: 200,
        };
        Postgres::new(settings).unwrap()
    };

    let plain = stopped(with(&url, &ca).check());
    certify(folder.path(), "ca", "localhost");
    for name in ["server.crt", "server.key"] {
        server.put(name, &fs::read(folder.path().join(name)).unwrap());
    }
    server.append("postgresql.conf", "ssl = on\n");
    server.restart("fast");
    let unknown = stopped(with(&url, &other_ca).check());
    let browsers = stopped(target(url.clone(), Some(PASSWORD)).check());
    let misnamed = stopped(with(&url.replace("localhost", "127.0.0.1"), &ca).check());
    let mut known = with(&url, &ca);
    let notes = known.check().unwrap();
    store(&mut known, &day("P-1", "2026-11-20", 1));

    assert!(plain.contains("does not encrypt"), "{plain}");
    for said in [unknown, browsers] {
        assert!(said.contains("an authority that is not known here"), "{said}");
    }
    assert!(misnamed.contains("for another name"), "{misnamed}");
    assert!(!notes.iter().any(|note| note.contains("not encrypted")), "{notes:?}");
    assert!(matches!(
        Postgres::new(PostgresSettings {
            url,
            password: None,
            ca_pem: Some(b"no certificate".to_vec()),
            days_at_once: 1,
        }),
        Err(Trouble::Stopped { .. })
    ));
}

fn openssl(folder: &Path, args: &[&str]) {
    let ran = Command::new("openssl").args(args).current_dir(folder).output();
    let ran = ran.expect("no openssl is installed: apt-get install openssl");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// An authority of this test: its certificate.
fn authority(folder: &Path, name: &str) -> Vec<u8> {
    let (key, crt, subject) = (format!("{name}.key"), format!("{name}.crt"), format!("/CN=Test authority {name}"));
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    openssl(folder, &[&["req", "-x509", "-keyout", &key, "-out", &crt, "-subj", &subject], &curve[..]].concat());
    fs::read(folder.join(crt)).unwrap()
}

/// A certificate for a host, `server.crt` and `server.key`.
fn certify(folder: &Path, authority: &str, host: &str) {
    let (ca, key) = (format!("{authority}.crt"), format!("{authority}.key"));
    fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n")).unwrap();
    let request = ["req", "-new", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=trial database"];
    openssl(folder, &[&request[..], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]].concat());
    let sign = ["x509", "-req", "-in", "server.csr", "-out", "server.crt", "-days", "2", "-extfile", "names"];
    openssl(folder, &[&sign[..], &["-CA", &ca, "-CAkey", &key, "-CAcreateserial"]].concat());
}

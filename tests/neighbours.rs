//! Another user of the same computer gets nothing: not on the socket, not in the data folder, not on the pages. Becoming
//! another user takes root; elsewhere these tests say so and compare nothing.

mod support;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use crate::support::*;

/// Whom Unix calls nobody.
const NOBODY: &str = "65534";

/// Speaks HTTP on a Unix socket, and prints what comes, or why nothing does.
const ASK: &str = r#"
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(20)
try:
    line.connect(sys.argv[1])
    line.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    got = b"".join(iter(lambda: line.recv(65536), b""))
    print(got.decode() or "nothing")
except OSError as error:
    print(type(error).__name__)
"#;

fn is_root() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|ran| ran.stdout == b"0\n");
    if !root {
        println!("becoming another user takes root: nothing is compared");
    }
    root
}

/// What a command says when another user runs it, in these groups.
fn as_nobody(groups: &str, command: &[&str]) -> String {
    let groups = if groups.is_empty() { "--clear-groups".to_owned() } else { format!("--groups={groups}") };
    let ran = Command::new("setpriv")
        .args(["--reuid", NOBODY, "--regid", NOBODY, &groups, "--no-new-privs"])
        .args(command)
        // A Python below root's own folder is none of another user's.
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

fn ask_socket(groups: &str, socket: &Path) -> String {
    as_nobody(groups, &["python3", "-c", ASK, socket.to_str().unwrap()])
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A home whose pages are at a port of their own, and that port.
fn home() -> (Home, Daemon, u16) {
    let home = Home::new();
    home.change_settings(|usual| usual.replace("listen = \"off\"", "listen = \"127.0.0.1:0\""));
    fs::File::create(home.flash()).unwrap();
    home.fill_flash(&days_until_now(1, 1));
    let daemon = home.daemon();
    let url = home.run(&["web", "url"]).out;
    let port = url.trim().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    (home, daemon, port)
}

/// An answer of the pages, to whoever sits at this computer.
fn page(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.replace("HOST", &format!("localhost:{port}")).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_socket_is_for_its_user_and_its_group() {
    let (home, _daemon, _) = home();

    let mode = fs::metadata(home.socket()).unwrap().permissions().mode() & 0o777;

    assert_eq!(mode, 0o660);
}

#[test]
fn another_user_gets_nothing_on_the_socket_even_when_its_file_is_open_to_all() {
    if !is_root() {
        return;
    }
    let (home, daemon, _) = home();
    assert_eq!(ask_socket("", &home.socket()), "PermissionError");

    open_to_all(home.data().parent().unwrap(), 0o755);
    open_to_all(&home.data(), 0o755);
    assert_eq!(ask_socket("", &home.socket()), "PermissionError", "the socket's own permissions");
    open_to_all(&home.socket(), 0o777);
    let stranger = ask_socket("", &home.socket());
    // The socket's group is root's here.
    let member = ask_socket("0", &home.socket());

    assert!(!stranger.contains("HTTP"), "{stranger}");
    assert!(daemon.log().contains("was turned away"), "{}", daemon.log());
    assert!(member.starts_with("HTTP/1.1 200"), "{member}");
}

#[test]
fn another_user_reads_no_file_of_the_data_folder() {
    if !is_root() {
        return;
    }
    let (home, _daemon, _) = home();
    home.run(&["web", "code"]);
    open_to_all(home.data().parent().unwrap(), 0o755);

    assert_eq!(as_nobody("", &["ls", home.data().to_str().unwrap()]), "");
    open_to_all(&home.data(), 0o755);
    assert!(as_nobody("", &["ls", home.data().to_str().unwrap()]).contains("journal"), "the folder is open now");
    let readable = as_nobody("", &["find", home.data().to_str().unwrap(), "-type", "f", "-readable"]);
    let journal = as_nobody("", &["ls", home.data().join("journal").to_str().unwrap()]);

    assert_eq!(journal, "");
    assert!(!readable.contains("journal") && !readable.contains("browsers"), "{readable}");
}

#[test]
fn another_user_gets_the_door_of_the_pages_and_nothing_behind_it() {
    let (home, _daemon, port) = home();
    let get = |path: &str| page(port, &format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"));

    let (today, api) = (get("/"), get("/api/v1/today"));

    assert!(today.starts_with("HTTP/1.1 303") && today.contains("location: /enter"), "{today}");
    assert!(api.starts_with("HTTP/1.1 401") && !api.contains("steps"), "{api}");
    assert!(get("/api/v1/web/code").starts_with("HTTP/1.1 401"), "codes are made on the socket alone");
    assert_eq!(home.run(&["web", "browsers"]).code, Some(3), "nobody was let in");
}

#[test]
fn a_code_from_the_command_line_lets_a_browser_in_and_no_secret_is_logged() {
    let (home, daemon, port) = home();
    let code = home.run(&["web", "code", "--quiet"]).out.trim().to_owned();

    let body = format!("code={code}");
    let entered = page(
        port,
        &format!(
            "POST /enter HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
    );
    let (_, cookie) = entered.split_once("set-cookie: brisk=").expect(&entered);
    let secret = cookie.split(';').next().unwrap();
    let seen = page(
        port,
        &format!("GET /setup/network HTTP/1.1\r\nHost: HOST\r\nCookie: brisk={secret}\r\nConnection: close\r\n\r\n"),
    );
    let (_, token) = seen.split_once(r#"name="token" value=""#).expect(&seen);
    let token = token.split('"').next().unwrap();
    let listed = home.json(&["web", "browsers"]);
    let revoked = home.run(&["web", "revoke", listed[0]["id"].as_str().unwrap()]);
    let after =
        page(port, &format!("GET / HTTP/1.1\r\nHost: HOST\r\nCookie: brisk={secret}\r\nConnection: close\r\n\r\n"));

    assert_eq!(revoked.code, Some(0), "{}", revoked.err);
    assert!(after.starts_with("HTTP/1.1 303"), "{after}");
    let kept = fs::read_to_string(home.data().join("browsers.json")).unwrap();
    for secret in [&code, &code.replace('-', ""), secret, token] {
        assert!(!daemon.log().contains(secret) && !kept.contains(secret));
    }
}

#[test]
fn without_a_daemon_there_is_no_code_and_the_command_says_what_to_do() {
    let home = Home::new();
    home.fill_flash(&days_until_now(1, 1));

    let code = home.run(&["web", "code"]);
    let url = home.run(&["web", "url"]);
    let exposed = home.run(&["web", "expose", "lan"]);

    assert_eq!(code.code, Some(1), "{code:?}");
    assert!(code.err.contains("brisk run"), "{}", code.err);
    assert_eq!((url.code, url.out.as_str()), (Some(3), ""));
    assert_eq!(exposed.code, Some(1), "{exposed:?}");
}

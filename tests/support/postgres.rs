//! A real PostgreSQL for one test, in a temporary folder and on loopback; gone with the test, also with one that is
//! killed.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![expect(clippy::disallowed_methods, reason = "the server is another process: its time is real time")]

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Long enough for a busy machine; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The superuser's name; it needs no password on the socket.
const ADMIN: &str = "postgres";

/// A running server with one database, `trial`.
pub struct PostgresServer {
    bin: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl PostgresServer {
    /// Makes a cluster and waits until it answers.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (data, sockets) = (folder.path().join("data"), folder.path().join("sockets"));
        fs::create_dir(&data).unwrap();
        fs::create_dir(&sockets).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        if is_root() {
            let owned = Command::new("chown").arg(ADMIN).args([&data, &sockets]).status().unwrap();
            assert!(owned.success(), "the user `postgres` of Debian's package owns the folders");
        }
        let mut server = Self { bin: programs(), folder, port: 0, child: None };
        let made = server
            .as_admin("initdb")
            .args(["-U", ADMIN, "--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--no-locale", "-N"])
            .arg("-D")
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.append(
            "postgresql.conf",
            "fsync = off\nshared_buffers = 16MB\nmax_connections = 30\nlog_min_messages = log\n",
        );
        server.launch();
        server.sql("CREATE DATABASE trial", "postgres");
        server
    }

    /// Adds lines to a file of the cluster, such as `postgresql.conf`; [`PostgresServer::restart`] makes them count.
    pub fn append(&self, name: &str, lines: &str) {
        let path = self.data().join(name);
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str(lines);
        // In place, so that the file keeps its owner.
        fs::write(&path, text).unwrap();
    }

    /// Puts a file into the cluster's folder, readable by the server alone.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.data().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg(ADMIN).arg(&path).status().unwrap().success());
        }
    }

    fn launch(&mut self) {
        let began = Instant::now();
        while self.child.is_none() {
            // A port that was free may be taken a moment later: then the next one.
            if self.port == 0 {
                self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            }
            let log = fs::File::options().append(true).create(true).open(self.log_file()).unwrap();
            let mut command = self.as_admin("postgres");
            command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
            command.arg("-k").arg(self.sockets()).args(["-c", "listen_addresses=127.0.0.1"]);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
            loop {
                if self.psql("postgres").arg("-c").arg("SELECT 1").output().unwrap().status.success() {
                    self.child = Some(child);
                    return;
                }
                if child.try_wait().unwrap().is_some() {
                    self.port = 0;
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "PostgreSQL never answered: {}", self.log());
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start: {}", self.log());
        }
    }

    /// Ends it. `immediate` is like a power cut: it recovers from its log at the next start.
    pub fn stop(&mut self, mode: &str) {
        let Some(mut child) = self.child.take() else { return };
        let stopped = self.as_admin("pg_ctl").arg("-D").arg(self.data()).args(["stop", "-w", "-m", mode]).output();
        if !stopped.is_ok_and(|output| output.status.success()) {
            child.kill().ok();
        }
        child.wait().ok();
    }

    /// Starts it again on the same port after [`PostgresServer::stop`].
    pub fn go_on(&mut self) {
        self.launch();
    }

    /// Stops it in this mode (`fast`, `immediate`) and starts it on the same port.
    pub fn restart(&mut self, mode: &str) {
        self.stop(mode);
        self.go_on();
    }

    /// Ends every connection to `trial` but the one that says so, as an administrator does.
    pub fn terminate_backends(&self) {
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'trial' AND pid <> pg_backend_pid()",
            "postgres",
        );
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address for a role, over TCP: passwords count there.
    pub fn url(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/trial", self.port)
    }

    /// The superuser's address, over the socket: no password.
    pub fn admin_url(&self) -> String {
        let sockets = self.sockets().to_str().unwrap().replace('/', "%2F");
        format!("postgres://{ADMIN}@{sockets}:{}/trial", self.port)
    }

    /// `psql` of the superuser.
    pub fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.arg("-XqAt").args(["-v", "ON_ERROR_STOP=1", "-U", ADMIN, "-d", database]);
        command.arg("-h").arg(self.sockets()).arg("-p").arg(self.port.to_string()).env("PGCLIENTENCODING", "UTF8");
        command.stdin(Stdio::null());
        command
    }

    fn sql(&self, statements: &str, database: &str) -> String {
        let ran = self.psql(database).arg("-c").arg(statements).output().unwrap();
        assert!(ran.status.success(), "{statements}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs statements in `trial` as the superuser; rows as lines, values parted by `|`.
    pub fn run(&self, statements: &str) -> String {
        self.sql(statements, "trial")
    }

    /// Runs statements in `trial` as the superuser and says how that ended.
    pub fn try_run(&self, statements: &str) -> Output {
        self.psql("trial").arg("-c").arg(statements).output().unwrap()
    }

    /// Runs a file of statements in `trial` as the superuser.
    pub fn run_script(&self, script: &str) {
        let path = self.folder.path().join("script.sql");
        fs::write(&path, script).unwrap();
        let ran = self.psql("trial").arg("-f").arg(&path).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// A role that may log in over TCP with this password and has these roles.
    pub fn role(&self, name: &str, password: &str, of: &[&str]) {
        self.run(&format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"));
        for role in of {
            self.run(&format!("GRANT {role} TO {name}"));
        }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn sockets(&self) -> PathBuf {
        self.folder.path().join("sockets")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the server wrote down.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// One of the server's programs as the user that may run it, ended with the test that started it.
    fn as_admin(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if is_root() {
            command.args([&format!("--reuid={ADMIN}"), &format!("--regid={ADMIN}"), "--clear-groups"]);
        }
        // An immediate shutdown, should the test be killed.
        command.args(["--pdeathsig", "QUIT"]).arg(self.bin.join(program)).current_dir("/").env("LC_ALL", "C");
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

/// PostgreSQL refuses to run as root.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("Uid:")).unwrap().split_whitespace().nth(2) == Some("0")
}

/// The newest programs of Debian's package, or those in the folder that `BRISK_TEST_POSTGRES` names.
fn programs() -> PathBuf {
    if let Some(folder) = env::var_os("BRISK_TEST_POSTGRES") {
        return folder.into();
    }
    let mut found: Vec<_> = glob::glob("/usr/lib/postgresql/*/bin").unwrap().filter_map(Result::ok).collect();
    let version = |bin: &PathBuf| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    found.sort_by_key(version);
    found.pop().expect("no PostgreSQL is installed: apt-get install postgresql")
}

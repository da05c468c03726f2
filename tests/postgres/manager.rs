//! What the study's data manager runs: migrations, and the commands of `docs/postgres.md`.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    process::Command,
};

use brisk::export::{
    StudyDay,
    postgres::{migrations, script},
    target::Export as _,
};

use super::{PASSWORD, PostgresServer, day, home, passing, stopped, store, target, trial};

/// Everything in schema `brisk` as the catalogue has it, without oids and stamps.
const SHAPE: &str = "\
    SELECT 'column', table_name || '.' || column_name, data_type, is_nullable, column_default \
      FROM information_schema.columns WHERE table_schema = 'brisk' \
    UNION ALL SELECT 'rule', conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint \
      WHERE connamespace = 'brisk'::regnamespace \
    UNION ALL SELECT 'function', proname, pg_get_functiondef(oid), proacl::text, '' FROM pg_proc \
      WHERE pronamespace = 'brisk'::regnamespace \
    UNION ALL SELECT 'relation', relname, relkind::text, relacl::text, obj_description(oid) FROM pg_class \
      WHERE relnamespace = 'brisk'::regnamespace \
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid), '', '' FROM pg_trigger WHERE NOT tgisinternal \
    ORDER BY 1, 2, 3";

fn newest() -> u32 {
    migrations().last().unwrap().0
}

#[test]
fn migrations_are_applied_once_and_a_second_time_changes_nothing() {
    let server = PostgresServer::start();
    let mut manager = target(server.admin_url(), None);

    let first = manager.apply_migrations().unwrap();
    let shape = server.run(SHAPE);
    let second = manager.apply_migrations().unwrap();

    assert_eq!(first, (1..=newest()).collect::<Vec<_>>());
    assert_eq!(second, [0; 0]);
    assert_eq!(server.run(SHAPE), shape);
    assert_eq!(server.run("SELECT max(version) FROM brisk.schema_version"), newest().to_string());
}

#[test]
fn two_who_migrate_at_once_wait_for_each_other() {
    let server = PostgresServer::start();

    let applied: Vec<_> = std::thread::scope(|scope| {
        let both: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| target(server.admin_url(), None).apply_migrations().unwrap().len()))
            .collect();
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });

    assert_eq!(applied.iter().sum::<usize>(), migrations().len(), "{applied:?}");
}

#[test]
fn the_printed_script_makes_the_same_database() {
    let applied = trial();
    let printed = PostgresServer::start();
    let half = PostgresServer::start();

    printed.run_script(&script(0));
    half.run_script(script(0).split("-- Brisk, migration 2").next().unwrap());
    half.role("home_1", PASSWORD, &["brisk_home"]);
    let lacking = stopped(home(&half, "home_1").check());
    assert_eq!(target(half.admin_url(), None).apply_migrations().unwrap(), (2..=newest()).collect::<Vec<_>>());

    assert!(lacking.contains("at version 1, and this program needs"), "{lacking}");
    assert_eq!(printed.run(SHAPE), applied.run(SHAPE));
    assert_eq!(half.run(SHAPE), applied.run(SHAPE));
}

#[test]
fn a_manager_who_is_no_superuser_applies_them_and_one_without_the_right_leaves_nothing_behind() {
    let server = PostgresServer::start();
    server.role("manager", PASSWORD, &[]);

    let refused = stopped(home(&server, "manager").apply_migrations());
    let after = server.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'brisk'");
    server.run("ALTER ROLE manager CREATEROLE; GRANT CREATE ON DATABASE trial TO manager");
    home(&server, "manager").apply_migrations().unwrap();

    assert!(refused.contains("lacks a right"), "{refused}");
    assert_eq!(after, "0");
    assert_eq!(server.run("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'brisk'"), "brisk_owner");
}

#[test]
fn a_database_that_is_newer_than_the_program_is_written_to() {
    let server = trial();
    server.run("INSERT INTO brisk.schema_version (version) VALUES (99)");

    home(&server, "home_1").check().unwrap();
    assert_eq!(target(server.admin_url(), None).apply_migrations().unwrap(), [0; 0]);
}

#[test]
fn a_database_that_only_reads_for_now_is_migrated_later() {
    let server = PostgresServer::start();
    server.run("ALTER ROLE postgres IN DATABASE trial SET default_transaction_read_only = on");

    passing(target(server.admin_url(), None).apply_migrations());
}

/// The blocks of code of `docs/postgres.md` with their languages, in order.
fn blocks() -> Vec<(String, String)> {
    let page = include_str!("../../docs/postgres.md");
    let mut parts = page.split("```");
    parts.next();
    let mut blocks = Vec::new();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (language, code) = block.split_once('\n').unwrap();
        blocks.push((language.to_owned(), code.to_owned()));
    }
    blocks
}

#[test]
fn every_command_of_the_page_for_data_managers_does_what_it_says() {
    let server = PostgresServer::start();
    let folder = tempfile::tempdir().unwrap();
    File::create(folder.path().join("brisk.sql")).unwrap().write_all(script(0).as_bytes()).unwrap();
    let python = env::var("BRISK_TEST_PYTHON")
        .expect("BRISK_TEST_PYTHON names no Python with psycopg and pandas: start the tests with tests/run");
    let (mut homes, mut printed) = (0, 0);

    for (language, code) in blocks() {
        let mut command = match language.as_str() {
            "sql" => {
                let mut psql = Command::new("psql");
                psql.args(["-X", "-v", "ON_ERROR_STOP=1", "-c", &code]);
                psql
            }
            "sh" => {
                // The program itself is not part of this test; what it prints is there already.
                let lines: Vec<_> = code.lines().filter(|line| !line.starts_with("brisk ")).collect();
                printed += code.lines().count() - lines.len();
                let mut shell = Command::new("sh");
                shell.args(["-euc", &lines.join("\n")]);
                shell
            }
            "python" => {
                let mut python = Command::new(&python);
                let shows = "print(len(days), days.steps[0], days.steps.dtype, days.brisk_min.isna().sum())";
                python.args(["-c", &format!("{code}{shows}")]);
                python
            }
            "conf" => {
                server.append("pg_hba.conf", &code);
                // This server has no certificate, which is the one thing it may say against the line.
                let faults = "SELECT error FROM pg_hba_file_rules WHERE error NOT LIKE '%SSL is disabled'";
                assert_eq!(server.run(faults), "", "{code}");
                continue;
            }
            other => panic!("{other}: nobody runs this"),
        };
        command.current_dir(folder.path()).env("PGHOST", server.sockets()).env("PGPORT", server.port().to_string());
        let ran = command.env("PGUSER", "postgres").env("PGDATABASE", "trial").output().unwrap();
        let out = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{code}\n{out}{}", String::from_utf8_lossy(&ran.stderr));

        if language == "sql" && code.contains("CREATE ROLE home_017") {
            let mut home = target(server.url("home_017"), Some("from a generator, 20 letters or more"));
            home.check().unwrap();
            store(&mut home, &day("P-017", "2026-11-20", 1));
            store(&mut home, &StudyDay { brisk_min: None, ..day("P-017", "2026-11-21", 1) });
            homes += 1;
        }
        if language == "python" {
            assert_eq!(out, "2 8001 Int64 1\n");
        }
        if code.contains("brisk.withdraw(") {
            assert_eq!(server.run("SELECT count(*) FROM brisk.days"), "0", "{out}");
        }
    }

    let csv = fs::read_to_string(folder.path().join("days.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.starts_with("study_id,participant_id,local_date,study_day,"), "{csv}");
    assert_eq!((homes, printed), (1, 1));
    let corrected = "SELECT count(*) FROM brisk.daily_activity_audit WHERE reason LIKE 'manual_fix: counter worn%'";
    assert_eq!(server.run(corrected), "1");
    store(&mut target(server.url("home_017"), Some("another one from the generator")), &day("P-017", "2026-11-22", 1));
}

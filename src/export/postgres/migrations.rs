//! The statements that make the schema, in order. They are printed, or applied by whoever is asked to; a home never
//! applies them by itself, because the database is the study's.

use std::fmt::Write as _;

/// Each migration's number and its statements, which belong in one transaction. Numbers are without gaps, and a migration
/// that was given out is never changed.
pub fn migrations() -> &'static [(u32, &'static str)] {
    &[(1, include_str!("migrations/0001_days.sql")), (2, include_str!("migrations/0002_codebook.sql"))]
}

/// The newest version that this program knows.
pub(super) fn newest() -> u32 {
    migrations().last().map_or(0, |(number, _)| *number)
}

/// What follows a version, as a script for `psql -v ON_ERROR_STOP=1 -f`: each migration in its own transaction.
pub fn script(after: u32) -> String {
    let mut script = String::new();
    for (number, statements) in migrations().iter().filter(|(number, _)| *number > after) {
        write!(script, "-- Brisk, migration {number}\nBEGIN;\n{statements}COMMIT;\n\n")
            .expect("a text takes everything");
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_gaps_and_each_migration_says_its_own() {
        for (at, (number, statements)) in migrations().iter().enumerate() {
            assert_eq!(usize::try_from(*number).unwrap(), at + 1);
            let says = format!("INSERT INTO brisk.schema_version (version) VALUES ({number});");
            assert!(statements.contains(&says), "migration {number}");
        }
        assert_eq!(script(newest()), "");
    }
}

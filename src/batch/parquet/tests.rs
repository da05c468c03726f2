use super::*;

/// `BRISK_PARQUET=a.parquet:b.parquet cargo test --release … -- --ignored --nocapture nanoseconds`
#[test]
#[ignore = "measures; needs a file"]
#[expect(clippy::disallowed_methods, reason = "a measurement, run by hand")]
fn nanoseconds_a_row() {
    let Ok(paths) = std::env::var("BRISK_PARQUET") else { return };
    for path in paths.split(':') {
        let file = ParquetFile::open(Path::new(path), &ColumnMap::default(), Offsets::Count).unwrap();
        for _ in 0..3 {
            let begun = std::time::Instant::now();
            let (mut rows, mut steps, mut runs, mut people) = (0_u64, 0_u64, 0, 0);
            for group in 0..file.row_groups() {
                let read = file.read_group(group).unwrap();
                rows += u64::from(read.rows);
                steps += read.nonzero.iter().map(|&(_, steps)| u64::from(steps)).sum::<u64>();
                runs += read.stamps.len();
                people += read.people.len();
            }
            let each = begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(rows).unwrap());
            println!("{path}: {rows} rows, {steps} steps, {runs} stamp runs, {people} person runs: {each:.2} ns a row");
        }
    }
}

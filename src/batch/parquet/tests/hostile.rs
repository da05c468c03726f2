//! Files that are damaged, or made to do damage.

use super::{
    super::{
        delta::{self, Delta, Of},
        hybrid::{self, Hybrid},
    },
    *,
};

/// A small file with every kind of page in it.
fn small(second_version: bool, compression: Compression) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minutes.parquet");
    let who = Cells::Text((0..300).map(|row| (row != 7).then(|| format!("P{}", row / 100).into_bytes())).collect());
    let when = Cells::Int64((0..300).map(|row| (row != 9).then_some((row + row / 50) * 60_000)).collect());
    let walked = Cells::Int64((0..300).map(|row| (row % 40 != 3).then_some(row % 5 * (row % 3) * 20)).collect());
    let column = |kind, meaning, cells, encoding| Written { kind, meaning, cells, encoding };
    write(
        &path,
        [
            &column("byte_array", "(UTF8)", who, None),
            &column("int64", "(TIMESTAMP(MILLIS,false))", when, Some(Encoding::DELTA_BINARY_PACKED)),
            &column("int64", "", walked, None),
        ],
        &Style { optional: true, second_version, compression, rows_in_page: 100 },
    );
    fs::read(path).unwrap()
}

/// Reads whatever the bytes are.
fn read(bytes: &[u8]) -> Result<u64, ParquetError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minutes.parquet");
    let mut file = fs::File::create(&path).unwrap();
    io::Write::write_all(&mut file, bytes).unwrap();
    let file = open(&path)?;
    let mut rows = 0;
    for group in 0..file.row_groups() {
        rows += u64::from(file.read_group(group)?.rows);
    }
    Ok(rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_damaged_file_is_read_or_refused(
        second_version: bool,
        codec in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        keep in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let compression =
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())][codec];
        let mut bytes = small(second_version, compression);
        for (place, byte) in &changes {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        if let Some(keep) = keep {
            bytes.truncate(keep.index(bytes.len()));
        }

        match read(&bytes) {
            Ok(_) => {}
            Err(error) => prop_assert!(error.to_string().contains("minutes.parquet"), "{error}"),
        }
    }

    #[test]
    fn any_footer_is_read_or_refused(footer in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = b"PAR1".to_vec();
        bytes.extend(&footer);
        bytes.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
        bytes.extend(b"PAR1");

        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_a_mixture_that_ends(bytes in prop::collection::vec(any::<u8>(), 0..200), width in 0..34_u8) {
        let mut rows = 0_u64;
        if let Ok(mut hybrid) = Hybrid::new(&bytes, width) {
            while rows < 1 << 34 && let Ok(piece) = hybrid.next(u32::MAX) {
                let found = match piece {
                    hybrid::Piece::Run(_, rows) => u64::from(rows),
                    hybrid::Piece::Each(each) => u64::try_from(each.len()).unwrap(),
                };
                prop_assert!(found > 0);
                rows += found;
            }
        }
    }

    #[test]
    fn any_bytes_are_differences_that_end(
        head in prop::option::of((1..5_u8, 0..200_u8)), bytes in prop::collection::vec(any::<u8>(), 0..200), of in prop::sample::select(&[Of::Bits32, Of::Unsigned32, Of::Bits64])
    ) {
        let mut all = Vec::new();
        if let Some((miniblocks, count)) = head {
            all.extend([0x80, 0x01, 1 << (miniblocks % 3), 0x80 | count, 0x07, 5]);
        }
        all.extend(bytes);
        let mut rows = 0_u64;
        if let Ok(mut delta) = Delta::new(&all, of) {
            while rows < 100_000 && let Ok(piece) = delta.next(u32::MAX) {
                let found = match piece {
                    delta::Piece::Even { count, .. } => u64::from(count),
                    delta::Piece::Each(each) => u64::try_from(each.len()).unwrap(),
                };
                prop_assert!(found > 0);
                rows += found;
            }
        }
        let _behind = Delta::new(&all, of).and_then(Delta::behind);
    }
}

#[test]
fn a_run_of_four_billion_steps_is_not_kept() {
    let mut steps = Steps::new(false, u32::MAX);

    steps.same(7, u32::MAX);

    assert!(steps.full());
    assert!(steps.nonzero.is_empty());
}

#[test]
fn what_is_no_parquet_says_so() {
    let error = read(b"participant_id,timestamp,steps\nP01,2016-04-12 10:00:00,5\n").unwrap_err().to_string();

    assert!(error.contains("does not begin as a Parquet file does"), "{error}");
}

#[test]
fn half_a_file_says_so() {
    let bytes = small(false, Compression::SNAPPY);

    let error = read(&bytes[..bytes.len() / 2]).unwrap_err().to_string();

    assert!(error.contains("is missing. None of its rows is counted; copy it again"), "{error}");
}

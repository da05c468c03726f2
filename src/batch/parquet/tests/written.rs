//! What one writer or another wrote comes back.

use super::*;

/// Lengths of stretches of the same, as real columns have them, and single values between.
fn stretches<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    let length = prop_oneof![3 => 1..4_usize, 2 => 4..60_usize, 1 => 60..700_usize];
    prop::collection::vec((value, length), 1..9)
        .prop_map(|parts| parts.into_iter().flat_map(|(value, length)| vec![value; length]).collect())
}

/// Some of them missing.
fn some<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.8, value)
}

fn encoding(of: &'static [Encoding]) -> impl Strategy<Value = Option<Encoding>> {
    prop::option::of(prop::sample::select(of))
}

const OF_TEXT: &[Encoding] = &[Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
const OF_INTS: &[Encoding] = &[Encoding::PLAIN, Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT];
const OF_FLOATS: &[Encoding] = &[Encoding::PLAIN, Encoding::BYTE_STREAM_SPLIT];

type Column<T> = (Written, Vec<Result<T, Reason>>);

fn participants() -> BoxedStrategy<Column<String>> {
    let text = prop_oneof![
        6 => "P0[1-4]".prop_map(String::into_bytes),
        1 => " [ab] ".prop_map(String::into_bytes),
        1 => Just(Vec::new()),
        1 => Just(vec![0xff, 0xfe]),
    ];
    let texts = (stretches(some(text)), encoding(OF_TEXT)).prop_map(|(cells, encoding)| {
        let meaning = cells.iter().map(|cell| match cell.as_deref().map(|text| std::str::from_utf8(text)) {
            None | Some(Ok("")) => Err(Reason::NoParticipant),
            Some(Ok(text)) => Ok(text.trim().to_owned()),
            Some(Err(_)) => Err(Reason::NotUtf8),
        });
        let meaning = meaning.collect();
        (Written { kind: "byte_array", meaning: "(UTF8)", cells: Cells::Text(cells), encoding }, meaning)
    });
    let number = prop_oneof![4 => 0..1000_i64, 1 => -2..0_i64, 1 => i64::from(i32::MIN)..i64::from(i32::MAX)];
    let kind = prop::sample::select(&[("int64", ""), ("int32", ""), ("int64", "(UINT_64)"), ("int32", "(UINT_32)")]);
    let ints = (stretches(some(number)), kind, encoding(OF_INTS)).prop_map(|(cells, (kind, meaning), encoding)| {
        let id = |id: i64| match (kind, meaning) {
            (_, "") => id.to_string(),
            ("int64", _) => id.cast_unsigned().to_string(),
            _ => i32::try_from(id).unwrap().cast_unsigned().to_string(),
        };
        let told = cells.iter().map(|cell| cell.map(id).ok_or(Reason::NoParticipant)).collect();
        let cells = match kind {
            "int64" => Cells::Int64(cells),
            _ => Cells::Int32(cells.iter().map(|cell| cell.map(|id| i32::try_from(id).unwrap())).collect()),
        };
        (Written { kind, meaning, cells, encoding }, told)
    });
    prop_oneof![texts, ints].boxed()
}

fn stamp_meaning(cell: Option<i64>, per_second: i64) -> Result<i64, Reason> {
    match cell {
        Some(at) if (0..7_258_118_400 * per_second).contains(&at) => {
            if at % per_second == 0 {
                Ok(at / per_second)
            } else {
                Err(Reason::NotAWholeMinute)
            }
        }
        Some(_) | None => Err(Reason::BadStamp),
    }
}

/// Stretches of stamps that go up by the same; some missing, before 1970, after 2199, or within a second.
fn seconds() -> impl Strategy<Value = Vec<Option<i64>>> {
    let step = prop_oneof![6 => Just(60), 1 => Just(0), 1 => Just(1), 1 => -90..90_i64];
    let first =
        prop_oneof![8 => 1_460_000_000..1_460_900_000_i64, 1 => -90..90_i64, 1 => 7_258_118_000..7_258_118_800_i64];
    let length = prop_oneof![2 => 1..4_i64, 2 => 4..60_i64, 1 => 60..900_i64];
    let part = (first, step, length, prop::bool::weighted(0.1));
    prop::collection::vec(part, 1..9).prop_map(|parts| {
        let all = parts.into_iter().flat_map(|(first, step, length, missing)| {
            (0..length).map(move |index| (!missing).then_some(first + step * index))
        });
        all.collect()
    })
}

fn stamps() -> BoxedStrategy<Column<i64>> {
    let unit = prop::sample::select(&[
        (1_000_i64, "(TIMESTAMP(MILLIS,false))"),
        (1_000, "(TIMESTAMP_MILLIS)"),
        (1_000_000, "(TIMESTAMP(MICROS,true))"),
        (1_000_000_000, "(TIMESTAMP(NANOS,false))"),
    ]);
    let numbers = (seconds(), unit, encoding(OF_INTS), prop::option::weighted(0.1, 1..999_i64)).prop_map(
        |(cells, (per_second, meaning), encoding, more)| {
            let cells: Vec<_> =
                cells.into_iter().map(|cell| cell.map(|at| (at * per_second) + more.unwrap_or(0))).collect();
            let told = cells.iter().map(|&cell| stamp_meaning(cell, per_second)).collect();
            (Written { kind: "int64", meaning, cells: Cells::Int64(cells), encoding }, told)
        },
    );
    let old = (seconds(), encoding(&[Encoding::PLAIN])).prop_map(|(seconds, encoding)| {
        let told = seconds.iter().map(|&cell| stamp_meaning(cell, 1)).collect();
        let cells = seconds.into_iter().map(|cell| {
            cell.map(|at| {
                let nanos = u64::try_from(at.rem_euclid(86_400)).unwrap() * 1_000_000_000;
                let day = u32::try_from(at.div_euclid(86_400) + 2_440_588).unwrap();
                let mut old = Int96::new();
                old.set_data(u32::try_from(nanos & 0xffff_ffff).unwrap(), u32::try_from(nanos >> 32).unwrap(), day);
                old
            })
        });
        (Written { kind: "int96", meaning: "", cells: Cells::Int96(cells.collect()), encoding }, told)
    });
    let texts = (seconds(), encoding(OF_TEXT)).prop_map(|(seconds, encoding)| {
        let told = seconds.iter().map(|&cell| stamp_meaning(cell, 1)).collect();
        let cells = seconds.into_iter().map(|cell| {
            let at = chrono::DateTime::from_timestamp(cell?, 0).unwrap();
            Some(at.format("%Y-%m-%d %H:%M:%S").to_string().into_bytes())
        });
        (Written { kind: "byte_array", meaning: "(UTF8)", cells: Cells::Text(cells.collect()), encoding }, told)
    });
    prop_oneof![4 => numbers, 1 => old, 1 => texts].boxed()
}

fn steps() -> BoxedStrategy<Column<Option<u32>>> {
    fn told(number: Option<i64>) -> Result<Option<u32>, Reason> {
        match number {
            None => Ok(None),
            Some(number @ 0..=60_000) => Ok(Some(u32::try_from(number).unwrap())),
            Some(60_001..) => Err(Reason::TooManySteps),
            Some(_) => Err(Reason::BadSteps),
        }
    }
    let number = prop_oneof![8 => Just(0), 6 => 0..190_i64, 1 => 59_999..60_002_i64, 1 => -2..70_000_i64,
        1 => prop::sample::select(vec![i64::from(i32::MIN), i64::from(i32::MAX)])];
    let kind = prop::sample::select(&[
        ("int64", ""),
        ("int32", ""),
        ("int64", "(UINT_64)"),
        ("int32", "(UINT_32)"),
        ("int32", "(INT_16)"),
    ]);
    let ints = (stretches(some(number)), kind, encoding(OF_INTS)).prop_map(|(numbers, (kind, meaning), encoding)| {
        // A number without a sign whose highest bit is set is a great one.
        let unsigned = meaning.starts_with("(UINT");
        let told = numbers.iter().map(|&number| match number {
            Some(..0) if unsigned => Err(Reason::TooManySteps),
            number => told(number),
        });
        let told = told.collect();
        let cells = if kind == "int64" {
            Cells::Int64(numbers)
        } else {
            Cells::Int32(numbers.iter().map(|number| number.map(|number| i32::try_from(number).unwrap())).collect())
        };
        (Written { kind, meaning, cells, encoding }, told)
    });
    let number = prop_oneof![
        8 => Just(0.0),
        6 => (0..190_u16).prop_map(f64::from),
        1 => prop::sample::select(&[f64::NAN, -0.0, -1.0, 0.5, 60_000.0, 60_001.0, 60_000.5, f64::INFINITY, 1e30]),
    ];
    let floats = (stretches(some(number)), encoding(OF_FLOATS), any::<bool>()).prop_map(|(numbers, encoding, wide)| {
        let told = numbers.iter().map(|number| match number {
            None => Ok(None),
            Some(number) if number.is_nan() => Ok(None),
            Some(number) if number.is_infinite() || number.fract() != 0.0 || *number < 0.0 => Err(Reason::BadSteps),
            Some(number) if *number > 60_000.0 => Err(Reason::TooManySteps),
            Some(number) => Ok(Some(format!("{number}").trim_start_matches('-').parse().unwrap())),
        });
        let told = told.collect();
        let (kind, cells) = if wide {
            ("double", Cells::Double(numbers))
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "1e30 and those that f32 holds exactly")]
            let narrow = numbers.iter().map(|number| number.map(|number| number as f32)).collect();
            ("float", Cells::Float(narrow))
        };
        (Written { kind, meaning: "", cells, encoding }, told)
    });
    prop_oneof![3 => ints, 1 => floats].boxed()
}

fn style() -> impl Strategy<Value = Style> {
    let compression = prop::sample::select(vec![
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
    ]);
    let rows_in_page = prop::sample::select(vec![7_usize, 100, 20_000]);
    (any::<bool>(), any::<bool>(), compression, rows_in_page).prop_map(
        |(optional, second_version, compression, rows_in_page)| Style {
            optional,
            second_version,
            compression,
            rows_in_page,
        },
    )
}

impl Cells {
    /// The first rows, missing ones given a value where every row has one.
    fn of(&self, count: usize, optional: bool) -> Self {
        fn cut<T: Clone>(cells: &[Option<T>], count: usize, keep: bool, filler: &T) -> Vec<Option<T>> {
            let cut = cells.iter().take(count);
            cut.map(|cell| if keep { cell.clone() } else { cell.clone().or_else(|| Some(filler.clone())) }).collect()
        }
        match self {
            Self::Text(cells) => Self::Text(cut(cells, count, optional, &Vec::new())),
            Self::Int32(cells) => Self::Int32(cut(cells, count, optional, &0)),
            Self::Int64(cells) => Self::Int64(cut(cells, count, optional, &0)),
            Self::Int96(cells) => Self::Int96(cut(cells, count, optional, &Int96::from(vec![0, 0, 2_440_588]))),
            Self::Float(cells) => Self::Float(cut(cells, count, optional, &0.0)),
            Self::Double(cells) => Self::Double(cut(cells, count, optional, &0.0)),
        }
    }

    fn missing(&self) -> Vec<bool> {
        match self {
            Self::Text(cells) => cells.iter().map(Option::is_none).collect(),
            Self::Int32(cells) => cells.iter().map(Option::is_none).collect(),
            Self::Int64(cells) => cells.iter().map(Option::is_none).collect(),
            Self::Int96(cells) => cells.iter().map(Option::is_none).collect(),
            Self::Float(cells) => cells.iter().map(Option::is_none).collect(),
            Self::Double(cells) => cells.iter().map(Option::is_none).collect(),
        }
    }
}

/// The first rows of a column, and what they say; `filler` is what a value says that stands for a missing one.
fn cut<T: Clone>((column, told): &Column<T>, count: usize, optional: bool, filler: &Result<T, Reason>) -> Column<T> {
    let missing = column.cells.missing();
    let told = told.iter().zip(missing).take(count);
    let told = told.map(|(told, missing)| if missing && !optional { filler.clone() } else { told.clone() }).collect();
    (Written { cells: column.cells.of(count, optional), ..column.clone() }, told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_type_in_every_encoding_comes_back(
        who in participants(), when in stamps(), walked in steps(), style in style()
    ) {
        let count = who.1.len().min(when.1.len()).min(walked.1.len());
        let nobody = if matches!(who.0.cells, Cells::Text(_)) { Err(Reason::NoParticipant) } else { Ok("0".to_owned()) };
        let never = if matches!(when.0.cells, Cells::Text(_)) { Err(Reason::BadStamp) } else { Ok(0) };
        let who = cut(&who, count, style.optional, &nobody);
        let when = cut(&when, count, style.optional, &never);
        let walked = cut(&walked, count, style.optional, &Ok(Some(0)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("minutes.parquet");
        write(&path, [&who.0, &when.0, &walked.0], &style);

        let file = open(&path).unwrap();
        let read = file.read_group(0).unwrap();

        let told: Vec<Row> =
            who.1.iter().cloned().zip(when.1.clone()).zip(walked.1).map(|((id, at), n)| (id, at, n)).collect();
        prop_assert_eq!(rows(&read), told);
        prop_assert_eq!(&read.stamps, &even_runs(&when.1));
        let mut people = read.people.windows(2);
        prop_assert!(people.all(|two| two[0].id != two[1].id));
        prop_assert_eq!(usize::try_from(read.rows).unwrap(), count);
        prop_assert!(read.nonzero.iter().all(|&(_, steps)| steps > 0));
    }
}

/// What all of the fixtures hold: two people on two days, with a gap of half an hour each.
#[test]
fn files_of_other_writers_are_read_alike() {
    for name in ["pyarrow.parquet", "pyarrow-gzip.parquet", "polars.parquet", "duckdb.parquet"] {
        let file = open(&fixture(name)).unwrap();
        let read = file.read_group(0).unwrap();

        assert_eq!((file.row_groups(), read.rows), (1, 5700), "{name}");
        assert_eq!(read.nonzero.iter().map(|&(_, steps)| steps).sum::<u32>(), 40_705, "{name}");
        assert_eq!((read.nonzero.len(), read.null.len(), read.bad.len()), (585, 6, 0), "{name}");
        let of_one = [5, 1002, 1999];
        let null: Vec<_> = of_one.into_iter().chain(of_one.map(|row| row + 2850)).map(|row| row..row + 1).collect();
        assert_eq!(read.null, null, "{name}");
        assert_eq!(read.people, [0, 1].map(|id| PersonRun { id: Ok(id), rows: 2850 }), "{name}");
        assert_eq!(*read.ids, ["P01".into(), "P02".into()], "{name}");
        let midnight = 1_460_419_200; // 2016-04-12
        let halves = [(midnight, 500), (midnight + 530 * 60, 2350)];
        let halves = halves.map(|(first_s, rows)| StampRun::Even { first_s, step_s: 60, rows });
        assert_eq!(read.stamps, [halves, halves].concat(), "{name}");
    }
}

#[test]
fn a_column_of_another_kind_is_refused_by_name() {
    let path = fixture("pyarrow.parquet");
    let map = ColumnMap { steps: "Timestamp".into(), ..ColumnMap::default() };

    let error = ParquetFile::open(&path, &path, None, &asked(map)).err().unwrap().to_string();

    assert!(error.starts_with("column \"timestamp\" of "), "{error}");
    assert!(error.contains("holds dates with their time of day, and should hold numbers"), "{error}");
}

#[test]
fn a_column_that_is_not_there_is_named_beside_those_that_are() {
    let map = ColumnMap { steps: "StepTotal".into(), ..ColumnMap::default() };

    let error = ParquetFile::open(&fixture("polars.parquet"), &fixture("polars.parquet"), None, &asked(map))
        .err()
        .unwrap()
        .to_string();

    assert!(error.contains("\"StepTotal\"; its columns are: participant_id, timestamp, steps. "), "{error}");
}

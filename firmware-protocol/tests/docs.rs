//! What `docs/devices.md` and `docs/new-device.md` claim about this crate, compared with it.

use std::{collections::BTreeMap, fs, path::Path};

use firmware_protocol::{device::KINDS, driver::Resolution};
use serde_json::Value;

/// A file of the repository.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of every row of every table whose first cell is in backticks, by what stands in them.
fn rows(page: &str) -> BTreeMap<String, Vec<String>> {
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows = page.lines().filter(|line| line.starts_with('|')).map(cells);
    rows.map(|row: Vec<String>| (row[0].trim_matches('`').to_owned(), row)).collect()
}

/// What the verification of a vector amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirmed {
    /// A program that is not ours reads or writes the same.
    Elsewhere,
    /// Such a program confirms some of its bytes.
    InPart,
    /// Our own reading of a source only.
    Here,
}

fn confirmed(verified: Option<&str>) -> Confirmed {
    match verified {
        // A general AES library says nothing about the message in which its result stands.
        Some("AES-128-ECB run with pycryptodome and cryptography") => Confirmed::InPart,
        Some(text) if text.contains("UNCERTAIN") || text.contains("header and flags only") => Confirmed::InPart,
        Some(
            "bluetooth-sig 0.6.0 and own decoder"
            | "apps/health/lib.js decoder run in node, and own decoder"
            | "colmi_r02_client at the named commit executed; checksum recomputed"
            | "own implementation executed, equals the unit test"
            | "polar_ble_tools 0.6.0 executed"
            | "polar_ble_tools 0.6.0 and generated protobuf code"
            | "protobuf code generated from the SDK .proto files, encoded and decoded"
            | "generated protobuf code",
        ) => Confirmed::Elsewhere,
        // A JSON reader says nothing about what the fields mean.
        None | Some("own decoder" | "none" | "layout only" | "text check" | "json parsed" | "computed") => {
            Confirmed::Here
        }
        Some(other) => panic!("nothing says how {other:?} is counted"),
    }
}

/// How many vectors the test of this file checks both ways, by what it asserts of them.
fn both_ways(name: &str, all: usize) -> usize {
    let test = if name == "steplog" { "vectors.rs".to_owned() } else { format!("vectors_{name}.rs") };
    let test = text(&format!("firmware-protocol/tests/{test}"));
    let asserted = test.lines().find_map(|line| {
        let line = line.to_lowercase().replace("bothways", "both_ways");
        let (names, numbers) = line.trim().strip_prefix("assert_eq!((")?.split_once("), (")?;
        let at = names.split(", ").position(|name| name.contains("both_ways"))?;
        numbers.split(", ").nth(at)?.trim_end_matches([')', ';']).parse().ok()
    });
    asserted.unwrap_or_else(|| {
        assert!(test.contains("fn every_vector_is_the_same_both_ways"), "{name}");
        all
    })
}

#[test]
fn the_table_of_confirmations_is_that_of_the_vectors() {
    let page = text("docs/devices.md");
    let table = rows(&page);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    let mut sums = [0; 6];
    for file in files {
        let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let count = |how| vectors.iter().filter(|vector| confirmed(vector["verified"].as_str()) == how).count();
        let from_elsewhere = |vector: &&Value| {
            let origin = vector["origin"].as_str().unwrap();
            origin.starts_with("real ") || origin == "unit test" || origin == "documentation sample"
        };
        let numbers = [
            vectors.len(),
            both_ways(name, vectors.len()),
            count(Confirmed::Elsewhere),
            count(Confirmed::InPart),
            count(Confirmed::Here),
            vectors.iter().filter(from_elsewhere).count(),
        ];

        let row = table.get(&format!("{name}.json")).unwrap_or_else(|| panic!("{name}.json is not in the table"));

        assert_eq!(row[1..7], numbers.map(|n| n.to_string()), "{name}.json");
        sums = std::array::from_fn(|n| sums[n] + numbers[n]);
    }
    assert_eq!(table["all"][1..7], sums.map(|n| n.to_string()), "all");
}

#[test]
fn every_kind_and_what_is_not_known_of_it_stands_in_the_page() {
    let page = text("docs/devices.md");
    let table = rows(&page);
    for kind in KINDS {
        let row = table.get(kind.name).unwrap_or_else(|| panic!("{} is not in the table", kind.name));
        let class = match kind.resolution {
            Resolution::Minute => "M",
            Resolution::Coarse => "H",
            Resolution::Counter => "C",
        };
        assert_eq!((row[1].as_str(), row[2].as_str()), (kind.label, class), "{}", kind.name);
        let keeps = kind.memory_days.map_or_else(|| "not known".to_owned(), |days| format!("{days} days"));
        assert!(row[3].contains(&keeps), "{}: {keeps}", kind.name);
        assert!(page.lines().any(|line| line.starts_with("## ") && line.contains(&format!("`{}`", kind.name))));
        for sentence in kind.not_known {
            assert!(page.lines().any(|line| line == format!("- {sentence}")), "{}: {sentence}", kind.name);
        }
    }
}

#[test]
fn what_the_page_about_new_counters_quotes_stands_in_the_example() {
    let page = text("docs/new-device.md");
    let example = text("firmware-protocol/examples/new_counter.rs");
    let quoted: Vec<&str> = page.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();

    assert!(quoted.len() > 5);
    for code in quoted {
        assert!(example.contains(code), "not in the example:\n{code}");
    }
}

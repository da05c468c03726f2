//! What the words on the command line mean: files, folders, and patterns such as `data/*.csv`.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use glob::{MatchOptions, glob_with};

/// Ends of the names of files that are read, in lower case, before a packing's own end.
const READ: [&str; 3] = [".csv", ".txt", ".parquet"];
/// Ends of packings.
const PACKED: [&str; 2] = [".gz", ".zst"];

/// Inputs, in the order of the words and by name within each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files to read, each once; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// Files in the folders that are of no kind that is read. Hidden ones are in neither list.
    pub passed_over: Vec<PathBuf>,
}

/// Why the inputs are not known.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is no such file or folder.
    #[error("there is no file or folder {path}, so nothing was read; look at the name, or write a pattern in quotes")]
    NotThere {
        /// What was named.
        path: PathBuf,
    },
    /// A folder holds nothing that can be read.
    #[error(
        "the folder {path} holds no file that ends in .csv, .txt or .parquet, also with .gz or .zst, so nothing was \
         read; {passed_over} other files are in it"
    )]
    NothingIn {
        /// The folder.
        path: PathBuf,
        /// How many other files it holds.
        passed_over: usize,
    },
    /// A pattern fits nothing that can be read.
    #[error("no file that can be read fits the pattern {pattern}, so nothing was read")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern is not one.
    #[error("{pattern} is not a pattern: {why}; write * for any name, ? for one letter, ** for any folders")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A folder cannot be looked into.
    #[error("look into {path}")]
    Look {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Finds the inputs that these words name. A file that is named is read whatever it is called; in folders, which
/// are looked through to the bottom, and for patterns that end in `*`, only files whose names say that they can be.
pub fn find_inputs(args: &[PathBuf]) -> Result<Found, FindError> {
    let mut search = Search::default();
    for arg in args {
        search.word(arg)?;
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    found: Found,
    /// Files by their real place, so that two ways to one file are one input.
    seen: BTreeSet<PathBuf>,
    /// Folders likewise, so that a link to a folder above makes no circle.
    folders: BTreeSet<PathBuf>,
}

impl Search {
    fn word(&mut self, arg: &Path) -> Result<(), FindError> {
        if arg == Path::new("-") {
            self.take(arg);
        } else if arg.is_dir() {
            let (before, passed_before) = (self.seen.len(), self.found.passed_over.len());
            let anything = self.folder(arg)?;
            if !anything && self.seen.len() == before {
                let passed_over = self.found.passed_over.len() - passed_before;
                return Err(FindError::NothingIn { path: arg.to_owned(), passed_over });
            }
        } else if arg.exists() {
            self.take(arg);
        } else if let Some(pattern) = arg.to_str().filter(|text| text.contains(['*', '?', '['])) {
            self.pattern(pattern)?;
        } else {
            return Err(FindError::NotThere { path: arg.to_owned() });
        }
        Ok(())
    }

    fn take(&mut self, path: &Path) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(real) {
            self.found.inputs.push(path.to_owned());
        }
    }

    /// Takes a file when its name says that it can be read; says whether it does.
    fn offer(&mut self, path: &Path) -> bool {
        let fits = can_be_read(path);
        if fits {
            self.take(path);
        } else if !self.found.passed_over.iter().any(|known| known == path) {
            self.found.passed_over.push(path.to_owned());
        }
        fits
    }

    /// Looks through a folder; says whether it holds a file that can be read, old or new.
    fn folder(&mut self, folder: &Path) -> Result<bool, FindError> {
        let look = |source| FindError::Look { path: folder.to_owned(), source };
        if !self.folders.insert(folder.canonicalize().map_err(look)?) {
            return Ok(true);
        }
        let entries: Result<Vec<_>, _> =
            fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
        let mut entries = entries.map_err(look)?;
        entries.sort();
        let mut anything = false;
        for path in entries.iter().filter(|path| !is_hidden(path)) {
            if path.is_dir() {
                anything |= self.folder(path)?;
            } else {
                anything |= self.offer(path);
            }
        }
        Ok(anything)
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), FindError> {
        let options =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
        let paths = glob_with(pattern, options)
            .map_err(|error| FindError::BadPattern { pattern: pattern.to_owned(), why: error.msg })?;
        let mut anything = false;
        for path in paths {
            let path = path.map_err(|error| FindError::Look { path: error.path().to_owned(), source: error.into() })?;
            if path.is_dir() {
                anything |= self.folder(&path)?;
            } else if pattern.ends_with('*') {
                anything |= self.offer(&path);
            } else {
                self.take(&path);
                anything = true;
            }
        }
        if anything { Ok(()) } else { Err(FindError::NoMatch { pattern: pattern.to_owned() }) }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn can_be_read(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    READ.iter().any(|end| plain.len() > end.len() && plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these empty files.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path).unwrap();
        }
        dir
    }

    /// What is found for words below the folder, as paths below it.
    fn find(dir: &tempfile::TempDir, words: &[&str]) -> Result<(Vec<String>, Vec<String>), FindError> {
        let words: Vec<_> =
            words.iter().map(|word| if *word == "-" { word.into() } else { dir.path().join(word) }).collect();
        let below = |paths: Vec<PathBuf>| {
            let below = |path: PathBuf| path.strip_prefix(dir.path()).unwrap_or(&path).display().to_string();
            paths.into_iter().map(below).collect()
        };
        find_inputs(&words).map(|found| (below(found.inputs), below(found.passed_over)))
    }

    #[test]
    fn a_folder_is_looked_through_to_the_bottom_and_in_order() {
        let dir = folder(&[
            "b.csv",
            "a/2.TXT",
            "a/1.csv.gz",
            "c.parquet",
            "d.csv.zst",
            "notes.md",
            ".x.csv",
            ".git/y.csv",
            "e.gz",
        ]);

        let (inputs, passed_over) = find(&dir, &[""]).unwrap();

        assert_eq!(inputs, ["a/1.csv.gz", "a/2.TXT", "b.csv", "c.parquet", "d.csv.zst"]);
        assert_eq!(passed_over, ["e.gz", "notes.md"]);
    }

    #[test]
    fn a_file_that_is_named_is_read_whatever_it_is_called_and_once() {
        let dir = folder(&["steps.dat", "a/1.csv", "[x].csv"]);

        let (inputs, passed_over) = find(&dir, &["steps.dat", "-", "a", "a/../a/1.csv", "-", "[x].csv", "a"]).unwrap();

        assert_eq!(inputs, ["steps.dat", "-", "a/1.csv", "[x].csv"]);
        assert_eq!(passed_over, [] as [&str; 0]);
    }

    #[test]
    fn patterns_find_what_a_shell_would() {
        let dir = folder(&["p1.csv", "p2.csv", "p10.csv", ".p3.csv", "readme", "d/p4.csv", "d/e/p5.csv.gz", "s.dat"]);

        assert_eq!(find(&dir, &["p?.csv"]).unwrap().0, ["p1.csv", "p2.csv"]);
        assert_eq!(find(&dir, &["p[1]*.csv"]).unwrap().0, ["p1.csv", "p10.csv"]);
        assert_eq!(find(&dir, &["**/p*.csv"]).unwrap().0, ["d/p4.csv", "p1.csv", "p10.csv", "p2.csv"]);
        assert_eq!(find(&dir, &["*.dat"]).unwrap().0, ["s.dat"]);
        let (inputs, passed_over) = find(&dir, &["*"]).unwrap();
        assert_eq!(inputs, ["d/e/p5.csv.gz", "d/p4.csv", "p1.csv", "p10.csv", "p2.csv"]);
        assert_eq!(passed_over, ["readme", "s.dat"]);
    }

    #[test]
    fn nothing_to_read_is_said_in_a_sentence() {
        let dir = folder(&["empty/readme.md"]);
        for (word, part) in [
            ("empty", "holds no file that ends in .csv"),
            ("gone.csv", "there is no file or folder"),
            ("*.csv", "fits the pattern"),
            ("empty/*", "fits the pattern"),
            ("a***", "is not a pattern"),
        ] {
            let error = find(&dir, &[word]).unwrap_err().to_string();
            assert!(error.contains(part), "{word}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_above_makes_no_circle() {
        let dir = folder(&["a/1.csv"]);
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();

        assert_eq!(find(&dir, &[""]).unwrap().0, ["a/1.csv"]);
        assert_eq!(find(&dir, &["a"]).unwrap().0, ["a/1.csv"]);
    }
}

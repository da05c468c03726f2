//! Tokens and passwords: from a file that only its owner can read, or from a credential that the service manager hands
//! over. They are in no setting, argument, log, journal or backup.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// A token or password. `Debug` hides it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A secret of this text; for tests and for what was read elsewhere.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: to be sent, and never to be written down.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Why a secret cannot be used. Says where, never what.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error(
        "the token or password cannot be read from {path}; nothing was sent. Write it there, and let nobody else read the file (chmod 600)"
    )]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error(
        "others can read {path}, so the token or password in it is not used; nothing was sent. Run: chmod 600 {path}"
    )]
    Open {
        /// Where.
        path: PathBuf,
    },
    /// There is nothing in it, or more than one line.
    #[error(
        "{path} does not hold one line with a token or password; nothing was sent. Write it there, and nothing else"
    )]
    NotOne {
        /// Where.
        path: PathBuf,
    },
}

/// Reads a secret: of a bare name first the service credential of that name (`$CREDENTIALS_DIRECTORY`, systemd), else the
/// file, which nobody but its owner may be able to read.
///
/// # Errors
/// When there is none, others can read it, or it is not one line of at most 4096 bytes.
pub fn read_secret(name: &Path) -> Result<Secret, SecretError> {
    let credential = env::var_os("CREDENTIALS_DIRECTORY")
        .filter(|_| name.components().count() == 1)
        .map(|folder| Path::new(&folder).join(name))
        .filter(|path| path.is_file());
    let handed_over = credential.is_some();
    let path = credential.unwrap_or_else(|| name.to_owned());
    let unreadable = |source| SecretError::Unreadable { path: path.clone(), source };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).map_err(unreadable)?.permissions().mode();
        // What the service manager hands over lies in a folder that only this service can enter.
        if !handed_over && mode & 0o077 != 0 {
            return Err(SecretError::Open { path });
        }
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.len() > 4096 || line.contains(char::is_control) {
        return Err(SecretError::NotOne { path });
    }
    Ok(Secret::new(line))
}

#[cfg(all(test, unix))]
mod tests {
    use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_secret_is_one_line_of_a_file_that_nobody_else_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let write = |text: &str, mode: u32| {
            fs::File::create(&file).unwrap().write_all(text.as_bytes()).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        };
        assert!(matches!(read_secret(&file), Err(SecretError::Unreadable { .. })));
        write("0123456789ABCDEF\n", 0o600);
        let secret = read_secret(&file).unwrap();
        assert_eq!(secret.reveal(), "0123456789ABCDEF");
        assert!(!format!("{secret:?}").contains("0123"));
        write("0123456789ABCDEF\n", 0o640);
        assert!(matches!(read_secret(&file), Err(SecretError::Open { .. })));
        for bad in ["", "\n", "two\nlines\n"] {
            write(bad, 0o600);
            assert!(matches!(read_secret(&file), Err(SecretError::NotOne { .. })), "{bad:?}");
        }
    }
}

//! The counters' own keys, one file each that only this user can read. They are in no journal, no settings and
//! no log.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use firmware_protocol::device::Key;

use crate::model::DeviceId;

fn folder(data: &Path) -> PathBuf {
    data.join("keys")
}

/// Thirty-two hexadecimal digits, a leading `0x` allowed, as a key; none when they are not that.
pub fn parse(text: &str) -> Option<Key> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let all_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = all_hex.then(|| u128::from_str_radix(digits, 16).ok())??;
    Some(Key(number.to_be_bytes()))
}

/// The key of this counter; none when there is none.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn load(data: &Path, device: DeviceId) -> io::Result<Option<Key>> {
    match fs::read_to_string(folder(data).join(device.to_string())) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps a key. It is on disk when this returns.
///
/// # Errors
/// When it cannot be written.
pub fn save(data: &Path, device: DeviceId, key: Key) -> io::Result<()> {
    let folder = folder(data);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let beside = folder.join(format!("{device}.new"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    writeln!(file, "{:032x}", u128::from_be_bytes(key.0))?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(device.to_string()))?;
    fs::File::open(&folder)?.sync_all()
}

/// Forgets a key, if there is one.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(data: &Path, device: DeviceId) -> io::Result<()> {
    match fs::remove_file(folder(data).join(device.to_string())) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A key that nobody can guess, from the system's generator.
///
/// # Errors
/// When the system has none.
pub fn random() -> io::Result<Key> {
    let mut key = [0; 16];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
    Ok(Key(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_comes_back_and_only_its_owner_can_read_it() {
        let data = tempfile::tempdir().unwrap();
        let (device, key) = (DeviceId([1; 8]), random().unwrap());
        assert_eq!(load(data.path(), device).unwrap(), None);

        save(data.path(), device, key).unwrap();

        assert!(load(data.path(), device).unwrap() == Some(key));
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder(data.path()).join(device.to_string())), 0o600);
        remove(data.path(), device).unwrap();
        remove(data.path(), device).unwrap();
        assert_eq!(load(data.path(), device).unwrap(), None);
    }

    #[test]
    fn what_is_not_a_key_is_none() {
        assert!(parse("0x30313233343536373839404142434445\n").is_some());
        for text in ["", "0x", "3031", "3031323334353637383940414243444g", "+0313233343536373839404142434445"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}

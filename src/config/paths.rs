//! Where files lie when no option says so. The one place that asks the environment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Default places of configuration, data and socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Where `brisk.toml` is looked for; the first that exists is taken.
    pub config: Vec<PathBuf>,
    /// Journal and index.
    pub data: PathBuf,
    /// The socket on which the daemon listens.
    pub socket: PathBuf,
}

/// Name of the socket within its folder.
const SOCKET: &str = "brisk.sock";

impl Paths {
    /// The places by the XDG base directories and by what systemd tells a unit:
    ///
    /// * configuration: `$XDG_CONFIG_HOME/brisk/brisk.toml` (else `~/.config/…`), then `/etc/brisk/brisk.toml`;
    /// * data: `$STATE_DIRECTORY`, else `$XDG_DATA_HOME/brisk` (else `~/.local/share/brisk`), else `/var/lib/brisk`;
    /// * socket: `brisk.sock` in `$RUNTIME_DIRECTORY`, else in `$XDG_RUNTIME_DIR/brisk`, else with the data.
    ///
    /// A variable whose value is not an absolute path counts as not set.
    pub fn from_env(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name: &str| lookup(name).and_then(|value| first_absolute(&value));
        let home = |below: &str| folder("HOME").map(|home| home.join(below));

        let own_config = folder("XDG_CONFIG_HOME").or_else(|| home(".config")).map(|dir| dir.join("brisk/brisk.toml"));
        let config = own_config.into_iter().chain([PathBuf::from("/etc/brisk/brisk.toml")]).collect();

        let own_data = || folder("XDG_DATA_HOME").or_else(|| home(".local/share")).map(|dir| dir.join("brisk"));
        let data = folder("STATE_DIRECTORY").or_else(own_data).unwrap_or_else(|| PathBuf::from("/var/lib/brisk"));

        let own_runtime = || folder("XDG_RUNTIME_DIR").map(|dir| dir.join("brisk"));
        let runtime = folder("RUNTIME_DIRECTORY").or_else(own_runtime);
        let socket = runtime.as_deref().unwrap_or(&data).join(SOCKET);
        Self { config, data, socket }
    }

    /// The places of a daemon with its own data folder: its socket lies there too, so that two
    /// daemons on one machine do not meet.
    #[must_use]
    pub fn with_data(self, data: &Path) -> Self {
        Self { config: self.config, data: data.to_owned(), socket: data.join(SOCKET) }
    }

    /// The socket of the system service, for a client without data of its own.
    pub fn system_socket() -> PathBuf {
        Path::new("/run/brisk").join(SOCKET)
    }

    /// The configuration to read: the first that exists, else the first place.
    pub fn config_file(&self) -> Option<&Path> {
        self.config.iter().find(|file| file.exists()).or(self.config.first()).map(PathBuf::as_path)
    }
}

/// The first path of a value that may be a list, when it is absolute. systemd separates a unit's
/// folders by colons.
fn first_absolute(value: &OsString) -> Option<PathBuf> {
    std::env::split_paths(value).next().filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Paths {
        Paths::from_env(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn a_person_at_a_desk_has_their_files_at_home() {
        let found = paths(&[("HOME", "/home/a"), ("XDG_RUNTIME_DIR", "/run/user/1000")]);

        assert_eq!(found.config[0], Path::new("/home/a/.config/brisk/brisk.toml"));
        assert_eq!(found.config[1], Path::new("/etc/brisk/brisk.toml"));
        assert_eq!(found.data, Path::new("/home/a/.local/share/brisk"));
        assert_eq!(found.socket, Path::new("/run/user/1000/brisk/brisk.sock"));
        let moved = paths(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "/d")]);
        assert_eq!(moved.config[0], Path::new("/c/brisk/brisk.toml"));
        assert_eq!(moved.data, Path::new("/d/brisk"));
        assert_eq!(moved.socket, Path::new("/d/brisk/brisk.sock"));
    }

    #[test]
    fn a_system_service_has_its_files_where_the_unit_says() {
        let unit = paths(&[("STATE_DIRECTORY", "/var/lib/brisk:/var/lib/other"), ("RUNTIME_DIRECTORY", "/run/brisk")]);

        assert_eq!(unit.config, [Path::new("/etc/brisk/brisk.toml")]);
        assert_eq!(unit.data, Path::new("/var/lib/brisk"));
        assert_eq!(unit.socket, Path::new("/run/brisk/brisk.sock"));
        assert_eq!(paths(&[]).data, Path::new("/var/lib/brisk"));
    }

    #[test]
    fn a_relative_folder_in_the_environment_is_passed_over() {
        assert_eq!(paths(&[("XDG_DATA_HOME", "data"), ("HOME", "/h")]).data, Path::new("/h/.local/share/brisk"));
        assert_eq!(paths(&[("STATE_DIRECTORY", "")]).data, Path::new("/var/lib/brisk"));
    }

    #[test]
    fn a_data_folder_of_its_own_brings_a_socket_of_its_own() {
        let own = paths(&[("RUNTIME_DIRECTORY", "/run/brisk")]).with_data(Path::new("/srv/b"));

        assert_eq!((own.data.as_path(), own.socket.as_path()), (Path::new("/srv/b"), Path::new("/srv/b/brisk.sock")));
    }
}

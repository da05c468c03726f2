//! Where a demo's data lies, and for how long.

use std::{
    fs::{self, DirBuilder},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::PathBuf,
};

use anyhow::Context as _;

use super::{Context, DemoArgs};

/// Where a demo's data lies.
pub struct Folder {
    pub dir: PathBuf,
    /// Made for this run alone, and removed after it.
    passing: bool,
}

impl Folder {
    pub fn for_demo(context: &Context, args: &DemoArgs) -> anyhow::Result<Self> {
        let (dir, passing) = match &context.global.data {
            Some(dir) => (dir.clone(), false),
            None => (std::env::temp_dir().join(format!("brisk-demo-{}", std::process::id())), args.once),
        };
        if dir.join("journal").exists() {
            anyhow::bail!(
                "{} already holds readings, and a demo never mixes with them; nothing was changed. \
                 Name another folder with --data, or leave it out",
                dir.display()
            );
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .with_context(|| format!("cannot make the folder {}; name another with --data", dir.display()))?;
        Ok(Self { dir, passing })
    }

    pub fn tell(&self) -> std::io::Result<()> {
        let mut err = std::io::stderr();
        if self.passing {
            return Ok(());
        }
        let dir = self.dir.display();
        writeln!(err, "The data lies in {dir}. Try next, in another terminal:")?;
        for (command, what) in [
            ("week", "this week beside the plan"),
            ("status", "the counter and the daemon"),
            ("goal history", "the plan"),
        ] {
            writeln!(err, "  brisk {command} --data {dir}    {what}")?;
        }
        writeln!(err, "  brisk export days --format csv -o days --data {dir}    everything for a statistician")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.passing
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, dir = %self.dir.display(), "the demo's folder could not be removed");
        }
    }
}

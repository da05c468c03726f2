//! Who may see the pages: every promise of `docs/safety.md` that can be tried within one process.

mod codes;
mod elsewhere;
mod house;
mod names;
mod others;
mod shown;
mod tokens;

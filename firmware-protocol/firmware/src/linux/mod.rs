//! What makes a computer a step counter: a controller, files for the memories, steps from a script.

pub mod file_bonds;
pub mod file_flash;
pub mod radio;
pub mod walk;

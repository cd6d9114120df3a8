//! Chores of the project. Run with `cargo xtask`.
fn main() {}

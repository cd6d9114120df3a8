//! Arguments to verb.
fn main() {}

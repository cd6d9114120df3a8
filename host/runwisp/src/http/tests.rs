//! The router called in process, against a loop and a history made of tables.

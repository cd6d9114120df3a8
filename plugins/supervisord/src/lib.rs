//! Imports what supervisord is configured with.

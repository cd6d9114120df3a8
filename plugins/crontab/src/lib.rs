//! Imports crontabs.

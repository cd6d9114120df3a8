//! One binary for every end-to-end test; each module guards one promise.

//! What end-to-end tests share: starting a daemon in a directory of its own, and waiting for its events.

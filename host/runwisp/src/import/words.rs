//! What an importer plugin answers with, as the host's newest interface has it.

pub use runwisp_plugin_host::{Conversion, Definition, Kind, Note, Place, Row, Setting, Weight};

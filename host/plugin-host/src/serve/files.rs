//! `files`: read-only, below what was granted.

use crate::call::state::State;
use crate::since_v0_1::importer::runwisp::plugin::files;

impl files::Host for State {
    async fn read(
        &mut self,
        _base: Option<String>,
        _path: String,
    ) -> wasmtime::Result<Result<files::Content, files::Error>> {
        Ok(Err(files::Error::Denied(
            "files are not offered yet".into(),
        )))
    }

    async fn glob(
        &mut self,
        _base: Option<String>,
        _pattern: String,
    ) -> wasmtime::Result<Result<Vec<String>, files::Error>> {
        Ok(Err(files::Error::Denied(
            "files are not offered yet".into(),
        )))
    }
}

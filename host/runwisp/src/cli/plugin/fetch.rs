//! A component, brought from its source: a file, an address with the digest that it must have, or a name in a registry.

use std::fs;
use std::io::Read;
use std::path::Path;

use runwisp_plugin_host::{Digest, Plugins};

use crate::wire::Problem;

/// The largest component.
const LARGEST: u64 = 64 << 20;

/// A component and where it came from.
pub(super) struct Fetched {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Where from, so that it can be fetched again.
    pub(super) source: String,
}

/// Whether a source is an address.
fn is_address(source: &str) -> bool {
    source.contains("://")
}

/// Whether what is at a source is always the same, as far as it goes by its name: a file and a tag may change.
pub(super) fn is_fixed(source: &str) -> bool {
    source.starts_with("https://") || (source.starts_with("oci://") && source.contains("@sha256:"))
}

/// Brings it.
pub(super) fn fetch(
    plugins: &Plugins,
    source: &str,
    sha256: Option<Digest>,
) -> Result<Fetched, Problem> {
    let fetched = |bytes: Result<Vec<u8>, String>| match bytes {
        Ok(bytes) => Ok(Fetched {
            bytes,
            source: source.to_owned(),
        }),
        Err(why) => Err(Problem::new(
            "plugin.unreachable",
            format!("could not fetch {source}: {why}"),
        )),
    };
    let fetched = if source.starts_with("https://") {
        if sha256.is_none() {
            return Err(Problem::new(
                "request.invalid",
                format!("could not fetch {source}: an address needs the digest of what is there"),
            )
            .help("Add --sha256 with the digest that its author published."));
        }
        fetched(plugins.wait(plugins.fetch(source, LARGEST)))?
    } else if source.starts_with("oci://") {
        fetched(plugins.wait(plugins.pull(source, LARGEST)))?
    } else if is_address(source) {
        return Err(Problem::new(
            "request.invalid",
            format!("could not fetch {source}: only https:// and oci:// are spoken"),
        )
        .help("Download it yourself, and add the file."));
    } else {
        fetch_file(Path::new(source))?
    };
    let is = Digest::of(&fetched.bytes);
    match sha256 {
        Some(wanted) if wanted != is => Err(Problem::new(
            "plugin.refused",
            format!("{source} has another digest than it should: {is}"),
        )
        .help("Nothing was installed. Ask its author which of the two is right.")),
        _ => Ok(fetched),
    }
}

/// A file, whole.
pub(super) fn fetch_file(path: &Path) -> Result<Fetched, Problem> {
    let failed = |why: &dyn std::fmt::Display| {
        Problem::new(
            "io.failed",
            format!("could not read {}: {why}", path.display()),
        )
    };
    let absolute = fs::canonicalize(path).map_err(|why| failed(&why))?;
    let file = fs::File::open(&absolute).map_err(|why| failed(&why))?;
    if !file.metadata().map_err(|why| failed(&why))?.is_file() {
        return Err(failed(&"it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| failed(&why))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(&format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(Fetched {
        bytes,
        source: absolute.display().to_string(),
    })
}

//! A password that comes from outside: as a systemd credential, or in the environment.
//!
//! Tests: below.

use std::ffi::OsString;
use std::path::Path;

use super::password::{Origin, fit};

/// The variable that holds the password itself.
pub const VARIABLE: &str = "RUNWISP_PASSWORD";

/// The name of the credential in `CREDENTIALS_DIRECTORY`.
pub const CREDENTIAL: &str = "runwisp.password";

/// A password from outside. It wins over one that was set or generated.
pub struct Given {
    /// Where it comes from.
    pub origin: Origin,
    /// The password.
    pub text: String,
}

/// Looks for one: the credential first, then the variable. An unusable one is an error, not a reason to look further:
/// a daemon that quietly took another password would be open to whoever knows that one.
pub fn find(var: impl Fn(&str) -> Option<OsString>) -> Result<Option<Given>, String> {
    if let Some(dir) = var("CREDENTIALS_DIRECTORY") {
        let path = Path::new(&dir).join(CREDENTIAL);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                return usable(Origin::Credential, text, &path.display().to_string());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("could not read {}: {error}", path.display())),
        }
    }
    match var(VARIABLE).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(text)) => usable(Origin::Environment, text, VARIABLE),
        Some(Err(_)) => Err(format!("{VARIABLE} is not UTF-8")),
    }
}

fn usable(origin: Origin, text: String, place: &str) -> Result<Option<Given>, String> {
    fit(&text).map_err(|unfit| format!("{place}: could not {unfit}"))?;
    Ok(Some(Given { origin, text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(vars: &[(&str, &str)]) -> Result<Option<(Origin, String)>, String> {
        let found = find(|name| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })?;
        Ok(found.map(|given| (given.origin, given.text)))
    }

    #[test]
    fn a_credential_wins_over_the_variable() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().to_str().unwrap();
        let vars = [
            ("CREDENTIALS_DIRECTORY", place),
            (VARIABLE, "from the variable"),
        ];
        assert_eq!(
            look(&vars).unwrap(),
            Some((Origin::Environment, "from the variable".to_owned()))
        );
        std::fs::write(dir.path().join(CREDENTIAL), "from the file\n").unwrap();
        assert_eq!(
            look(&vars).unwrap(),
            Some((Origin::Credential, "from the file".to_owned()))
        );
        assert_eq!(look(&[]).unwrap(), None);
    }

    #[test]
    fn one_that_can_not_be_used_is_an_error() {
        assert!(look(&[(VARIABLE, "short")]).is_err_and(|e| e.contains("8 bytes")));
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(CREDENTIAL)).unwrap();
        let place = dir.path().to_str().unwrap();
        assert!(look(&[("CREDENTIALS_DIRECTORY", place), (VARIABLE, "long enough")]).is_err());
    }
}

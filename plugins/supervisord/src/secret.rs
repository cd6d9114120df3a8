//! Which variables look like secrets.
//!
//! Tests: below.

/// Whether the name, or the value, of a variable says that it is a secret.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let named = upper.split('_').any(|part| {
        matches!(
            part,
            "PASSWORD"
                | "PASSWD"
                | "PASSPHRASE"
                | "PWD"
                | "SECRET"
                | "SECRETS"
                | "TOKEN"
                | "CREDENTIALS"
                | "APIKEY"
        )
    });
    let named = named && upper != "PWD" && upper != "OLDPWD";
    let key = [
        "API_KEY",
        "SECRET_KEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "ENCRYPTION_KEY",
    ]
    .iter()
    .any(|end| upper.ends_with(end));
    let joined = ["PASSWORD", "SECRET", "TOKEN"]
        .iter()
        .any(|end| upper.ends_with(end));
    // Not a switch, nor where the secret is to be found.
    let place = ["FILE", "PATH", "DIR"]
        .iter()
        .any(|end| upper.ends_with(end));
    let content = !matches!(value, "" | "0" | "1" | "true" | "false") && !place;
    (content && (named || key || joined)) || holds_login(value)
}

/// Whether it is a URL with a password in it.
fn holds_login(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let login = authority.rsplit_once('@').map(|(login, _)| login);
    login
        .and_then(|login| login.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn what_looks_like_a_secret() {
        for (name, value, secret) in [
            ("DB_PASSWORD", "x", true),
            ("APPTOKEN", "x", true),
            ("AWS_SECRET_ACCESS_KEY", "x", true),
            ("DATABASE_URL", "postgres://me:pw@db/x", true),
            ("DATABASE_URL", "postgres://me@db/x", false),
            ("SITE", "http://host:80/a@b", false),
            ("USE_TOKEN", "1", false),
            ("TOKEN_FILE", "/run/token", false),
            ("SECRET", "/ab+c=", true),
            ("KEYBOARD", "us", false),
            ("PWD", "srv", false),
            ("PATH", "/bin", false),
        ] {
            assert_eq!(is_secret(name, value), secret, "{name}={value}");
        }
    }
}

//! Who may do what: passwords, sessions, tokens, and how often strangers may be wrong.
//!
//! [`Access`] is the door. The tables behind it are pure and stand in a file each; what outlives the daemon is in
//! `access.json` ([`file`]). Checking a password takes memory and time, so [`CHECKS`] run at once, away from the loop's
//! thread, and [`WAITING`] wait.
//!
//! Invariant: a secret leaves this module only for whoever it was made for; what is kept of it is a digest. A change is
//! in force at once, on disk or not; a change that is not on disk is an error to who asked for it, and a trouble.
//! Tests: beside each table, and `tests.rs` for the whole.

pub mod attempts;
mod file;
pub mod given;
pub mod password;
pub mod secret;
pub mod sessions;
#[cfg(test)]
mod tests;
pub mod tokens;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OnceCell, Semaphore, watch};

use attempts::{Attempts, Rule};
use file::Kept;
use given::Given;
use password::{Origin, Password, Unfit};
use secret::NoRandomness;
use sessions::Session;
use tokens::{PREFIX, Token};

pub use crate::wire::caller::Scope;
pub use file::FileError;

/// How many passwords are checked at once.
pub const CHECKS: usize = 2;

/// How many sign-ins may wait for that.
pub const WAITING: usize = 16;

/// How often one address may sign in with a wrong password.
const SIGN_INS: Rule = Rule {
    most: 5,
    within: SignedDuration::from_secs(5 * 60),
};

/// How often one address may knock with a wrong hook token.
const HOOKS: Rule = Rule {
    most: 20,
    within: SignedDuration::from_secs(60),
};

/// Why nobody was signed in. Completes "could not …".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// It is not the password.
    #[error("sign in: this is not the password")]
    Wrong,
    /// There were too many wrong ones; try again after so many seconds.
    #[error("sign in: too many wrong passwords came from this address")]
    TooMany(u64),
    /// Too many wait already.
    #[error("sign in: too many sign-ins are waiting")]
    Busy,
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Why a change was not made, or not kept. Completes "could not …".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The password is given from outside.
    #[error("change the password: it comes from {0}")]
    Given(&'static str),
    /// The password can't be used.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Operator and viewer would have the same one.
    #[error("take this password: operator and viewer would have the same one")]
    Same,
    /// A token was refused.
    #[error(transparent)]
    Token(#[from] tokens::Refused),
    /// There is no such token.
    #[error("find a token with the id or name {0:?}")]
    NoToken(String),
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// It is in force and will be forgotten when the daemon ends.
    #[error("keep the change on disk: {0}; it holds until the daemon ends")]
    Unsaved(String),
}

/// What somebody was let in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session, by its digest.
    Session(String),
    /// A token, by its id.
    Token(String),
}

/// A new token with its secret, which is shown once.
pub struct NewToken {
    /// The secret.
    pub secret: String,
    /// What is kept.
    pub token: Token,
}

/// What a new token is to be.
pub struct Wish {
    /// What it is for.
    pub name: String,
    /// How much it may do.
    pub scope: Scope,
    /// The units it sees; none is all.
    pub units: Option<Vec<String>>,
    /// How long it lives; none is until it is revoked.
    pub lives: Option<SignedDuration>,
    /// Who makes it.
    pub by: String,
}

/// The door.
pub struct Access {
    dir: Option<PathBuf>,
    kept: Mutex<Kept>,
    given: Option<Given>,
    /// Whether the password from outside has been compared with the one before.
    settled: OnceCell<()>,
    checks: Semaphore,
    waiting: Semaphore,
    sign_ins: Mutex<Attempts>,
    hooks: Mutex<Attempts>,
    /// One write at a time, and the newest state last.
    saving: tokio::sync::Mutex<()>,
    trouble: Mutex<Option<String>>,
    notice: Option<String>,
    /// Counts what has ended, so that answers that go on can look whether they still may.
    ended: watch::Sender<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves plain data as it was.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    /// Opens what a data directory keeps; makes a password at the first start.
    pub fn open(dir: &Path, given: Option<Given>) -> Result<Arc<Access>, FileError> {
        let found = file::read(dir)?;
        let access = Access::new(
            Some(dir),
            found.kept.unwrap_or_default(),
            given,
            found.notice,
        );
        let text = file::text(&lock(&access.kept));
        let unchanged = std::fs::read(dir.join(file::FILE_NAME)).is_ok_and(|there| there == text);
        if !unchanged && let Err(error) = file::write(dir, &text) {
            *lock(&access.trouble) = Some(unsaved(dir, &error));
        }
        Ok(Arc::new(access))
    }

    /// A door that keeps nothing, for a daemon that is there for a single run, and for tests.
    pub fn forgetful() -> Arc<Access> {
        Arc::new(Access::new(None, Kept::default(), None, None))
    }

    fn new(
        dir: Option<&Path>,
        mut kept: Kept,
        given: Option<Given>,
        notice: Option<String>,
    ) -> Self {
        let mut trouble = None;
        let origin = kept.password.as_ref().map(Password::origin);
        let stays = match &given {
            // Compared later, away from the start: that takes a while.
            Some(_) => true,
            None => matches!(origin, Some(Origin::Generated | Origin::Set)),
        };
        if !stays {
            kept.sessions.end_all(Some(false));
            match Password::generate() {
                Ok(password) => kept.password = Some(password),
                Err(error) => trouble = Some(format!("could not {error}; nobody can sign in")),
            }
        }
        if kept.id.is_empty() {
            kept.id = secret::random::<4>().map_or_else(|_| "0".to_owned(), |id| secret::hex(&id));
        }
        Access {
            dir: dir.map(Path::to_owned),
            kept: Mutex::new(kept),
            given,
            settled: OnceCell::new(),
            checks: Semaphore::new(CHECKS),
            waiting: Semaphore::new(WAITING),
            sign_ins: Mutex::new(Attempts::new(SIGN_INS)),
            hooks: Mutex::new(Attempts::new(HOOKS)),
            saving: tokio::sync::Mutex::new(()),
            trouble: Mutex::new(trouble),
            notice,
            ended: watch::channel(0).0,
        }
    }

    /// What is not as it should be, in plain words.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        let trouble = lock(&self.trouble).clone();
        trouble.into_iter().chain(self.notice.clone())
    }

    /// Tells the cookies of several daemons on one host apart: cookies do not know ports.
    pub fn id(&self) -> String {
        lock(&self.kept).id.clone()
    }

    /// Changes whenever a session or token has ended before its time.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Whether somebody who was let in with this still would be.
    pub fn holds(&self, credential: &Credential) -> bool {
        let now = Timestamp::now();
        let kept = lock(&self.kept);
        match credential {
            Credential::Session(digest) => kept.sessions.lives(now, digest),
            Credential::Token(id) => kept.tokens.lives(now, id),
        }
    }

    /// When what somebody was let in with ends, if it is not used before.
    pub fn expires_at(&self, credential: &Credential) -> Option<Timestamp> {
        let kept = lock(&self.kept);
        match credential {
            Credential::Session(digest) => kept.sessions.get(digest).map(Session::expires_at),
            Credential::Token(id) => {
                let token = kept.tokens.all().iter().find(|token| &token.id == id);
                token.and_then(|token| token.expires_at)
            }
        }
    }

    // ---- the password ----

    /// Where the password comes from, and the password itself where it can be shown.
    pub fn password(&self) -> (Origin, Option<String>) {
        let kept = lock(&self.kept);
        let given = self.given.as_ref().map(|given| given.origin);
        let origin = given.or_else(|| kept.password.as_ref().map(Password::origin));
        let shown = kept.password.as_ref().and_then(Password::shown);
        (
            origin.unwrap_or(Origin::Generated),
            shown.filter(|_| given.is_none()).map(str::to_owned),
        )
    }

    /// Whether there is a password that only lets people look.
    pub fn has_viewer(&self) -> bool {
        lock(&self.kept).viewer.is_some()
    }

    /// Sets a password, the viewer's or the operator's; none removes the viewer's, and makes a new one for the operator.
    /// Ends the sessions that were made with the one before.
    pub async fn set_password(
        &self,
        viewer: bool,
        text: Option<String>,
    ) -> Result<(), ChangeError> {
        if let (false, Some(given)) = (viewer, &self.given) {
            return Err(ChangeError::Given(match given.origin {
                Origin::Credential => "a systemd credential",
                _ => given::VARIABLE,
            }));
        }
        if let Some(text) = &text {
            password::fit(text)?;
        }
        let other = if viewer {
            lock(&self.kept).password.clone()
        } else {
            lock(&self.kept).viewer.clone()
        };
        let _turn = self.checks.acquire().await;
        let made = tokio::task::spawn_blocking(move || match text {
            Some(text) if other.is_some_and(|other| other.is(&text)) => Err(ChangeError::Same),
            Some(text) => Ok(Some(Password::hash(&text, Origin::Set)?)),
            None if viewer => Ok(None),
            None => Ok(Some(Password::generate()?)),
        })
        .await
        .map_err(|_| ChangeError::NoRandomness(NoRandomness))??;
        {
            let mut kept = lock(&self.kept);
            if viewer {
                kept.viewer = made;
            } else {
                kept.password = made;
            }
            kept.sessions.end_all(Some(viewer));
        }
        self.ended.send_modify(|n| *n += 1);
        self.save().await
    }

    /// Compares the password from outside with the one of the last start: another one ends the sessions.
    async fn settle(&self) {
        let Some(given) = &self.given else { return };
        self.settled
            .get_or_init(|| async {
                let (kept, text, origin) = (
                    lock(&self.kept).password.clone(),
                    given.text.clone(),
                    given.origin,
                );
                let made = tokio::task::spawn_blocking(move || match kept {
                    Some(kept) if kept.is(&text) => None,
                    _ => Some(Password::hash(&text, origin)),
                })
                .await;
                let Ok(Some(made)) = made else { return };
                {
                    let mut kept = lock(&self.kept);
                    kept.sessions.end_all(Some(false));
                    kept.password = made.ok();
                }
                let _ = self.save().await;
            })
            .await;
    }

    // ---- sessions ----

    /// Signs in. `from` is the address that counts; none is the socket, which may be wrong as often as it likes.
    pub async fn sign_in(
        &self,
        from: Option<IpAddr>,
        shown: &str,
        text: String,
    ) -> Result<(String, Session), SignInError> {
        if let Some(from) = from {
            let began = lock(&self.sign_ins).begin(Timestamp::now(), from);
            began.map_err(SignInError::TooMany)?;
        }
        let judged = self.check(text).await;
        let viewer = match judged {
            Ok(Some(viewer)) => viewer,
            Ok(None) => return Err(SignInError::Wrong),
            Err(error) => {
                from.inspect(|from| lock(&self.sign_ins).take_back(*from));
                return Err(error);
            }
        };
        from.inspect(|from| lock(&self.sign_ins).right(*from));
        let secret = secret::long()?;
        let digest = secret::digest(&secret);
        let session = lock(&self.kept)
            .sessions
            .begin(Timestamp::now(), &digest, viewer, shown);
        // One that is not on disk ends with the daemon, and that is told as a trouble.
        let _ = self.save().await;
        Ok((secret, session))
    }

    /// Whose password it is: the viewer's (true), the operator's, or nobody's.
    async fn check(&self, text: String) -> Result<Option<bool>, SignInError> {
        if text.len() > *password::LENGTHS.end() {
            return Ok(None);
        }
        let _waits = self.waiting.try_acquire().map_err(|_| SignInError::Busy)?;
        let _turn = self.checks.acquire().await;
        self.settle().await;
        let (password, viewer) = {
            let kept = lock(&self.kept);
            (kept.password.clone(), kept.viewer.clone())
        };
        tokio::task::spawn_blocking(move || {
            let is = |kept: Option<Password>| kept.is_some_and(|kept| kept.is(&text));
            if is(password) {
                return Some(false);
            }
            is(viewer).then_some(true)
        })
        .await
        .map_err(|_| SignInError::Busy)
    }

    /// The session of this cookie.
    pub async fn session(self: &Arc<Self>, secret: &str) -> Option<Session> {
        self.settle().await;
        let digest = secret::digest(secret);
        let used = lock(&self.kept).sessions.used(Timestamp::now(), &digest);
        let (session, worth) = used?;
        self.save_later(worth);
        Some(session)
    }

    /// Signs out.
    pub async fn sign_out(&self, digest: &str) -> Result<(), ChangeError> {
        if !lock(&self.kept).sessions.end(digest) {
            return Ok(());
        }
        self.ended.send_modify(|n| *n += 1);
        self.save().await
    }

    /// Signs everybody out. How many that were.
    pub async fn sign_out_everywhere(&self) -> Result<usize, ChangeError> {
        let ended = lock(&self.kept).sessions.end_all(None);
        self.ended.send_modify(|n| *n += 1);
        self.save().await.map(|()| ended)
    }

    // ---- tokens ----

    /// Every token.
    pub fn tokens(&self) -> Vec<Token> {
        lock(&self.kept).tokens.all().to_vec()
    }

    /// Makes a token.
    pub async fn make_token(&self, wish: Wish) -> Result<NewToken, ChangeError> {
        let now = Timestamp::now();
        let secret = format!("{PREFIX}{}", secret::long()?);
        let token = Token {
            id: secret::hex(&secret::random::<4>()?),
            name: wish.name,
            digest: secret::hex(&secret::digest(&secret)),
            scope: wish.scope,
            units: wish.units,
            created_at: now,
            created_by: wish.by,
            expires_at: wish.lives.and_then(|lives| now.saturating_add(lives).ok()),
            used_at: None,
        };
        lock(&self.kept).tokens.add(token.clone())?;
        if let Err(error) = self.save().await {
            // A token that a restart forgets would fail somebody later, and far from here.
            lock(&self.kept).tokens.revoke(&token.id);
            return Err(error);
        }
        Ok(NewToken { secret, token })
    }

    /// The token of this secret.
    pub fn token(self: &Arc<Self>, secret: &str) -> Option<Token> {
        if !secret.starts_with(PREFIX) {
            return None;
        }
        let digest = secret::digest(secret);
        let used = lock(&self.kept).tokens.used(Timestamp::now(), &digest);
        let (token, worth) = used?;
        self.save_later(worth);
        Some(token)
    }

    /// Ends a token, by id or name.
    pub async fn revoke_token(&self, id_or_name: &str) -> Result<Token, ChangeError> {
        let revoked = lock(&self.kept).tokens.revoke(id_or_name);
        let token = revoked.ok_or_else(|| ChangeError::NoToken(id_or_name.to_owned()))?;
        self.ended.send_modify(|n| *n += 1);
        self.save().await.map(|()| token)
    }

    // ---- hooks ----

    /// A hook is knocked at. Refused: try again after so many seconds.
    pub fn hook_begins(&self, from: IpAddr) -> Result<(), u64> {
        lock(&self.hooks).begin(Timestamp::now(), from)
    }

    /// The token was right.
    pub fn hook_was_right(&self, from: IpAddr) {
        lock(&self.hooks).right(from);
    }

    // ---- the file ----

    fn save_later(self: &Arc<Self>, worth: bool) {
        if worth {
            let access = Arc::clone(self);
            tokio::spawn(async move { access.save().await });
        }
    }

    async fn save(&self) -> Result<(), ChangeError> {
        let Some(dir) = self.dir.clone() else {
            return Ok(());
        };
        let _turn = self.saving.lock().await;
        let text = file::text(&lock(&self.kept));
        let place = dir.clone();
        let written = tokio::task::spawn_blocking(move || file::write(&place, &text)).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let trouble = written.as_ref().err().map(|error| unsaved(&dir, error));
        if let (Some(trouble), None) = (&trouble, lock(&self.trouble).as_ref()) {
            tracing::error!("{trouble}");
        }
        *lock(&self.trouble) = trouble;
        written.map_err(|error| ChangeError::Unsaved(error.to_string()))
    }
}

fn unsaved(dir: &Path, error: &std::io::Error) -> String {
    format!(
        "sessions and tokens are not kept: {} cannot be written: {error}",
        dir.join(file::FILE_NAME).display()
    )
}

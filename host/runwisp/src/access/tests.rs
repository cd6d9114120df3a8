//! The door as a whole, with a real directory.

use super::*;

const WRONG: &str = "not the password";

fn ip(last: u8) -> Option<IpAddr> {
    Some([192, 0, 2, last].into())
}

fn given(text: &str) -> Option<Given> {
    Some(Given {
        origin: Origin::Environment,
        text: text.to_owned(),
    })
}

async fn sign_in(access: &Access, text: &str) -> Result<(String, Session), SignInError> {
    access.sign_in(ip(1), "192.0.2.1", text.to_owned()).await
}

#[tokio::test]
async fn a_generated_password_signs_in_and_the_session_outlives_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let access = Access::open(dir.path(), None).unwrap();
    let (origin, password) = access.password();
    assert_eq!(origin, Origin::Generated);
    assert_eq!(sign_in(&access, WRONG).await, Err(SignInError::Wrong));
    let (secret, session) = sign_in(&access, &password.unwrap()).await.unwrap();
    assert!(!session.viewer);
    drop(access);

    let access = Access::open(dir.path(), None).unwrap();
    assert_eq!(
        access.session(&secret).await.unwrap().digest,
        session.digest
    );
    assert!(access.session("anything else").await.is_none());
    let file = std::fs::read_to_string(dir.path().join(file::FILE_NAME)).unwrap();
    assert!(!file.contains(&secret));
}

#[tokio::test]
async fn five_wrong_passwords_and_the_right_one_has_to_wait() {
    let access = Access::forgetful();
    let password = access.password().1.unwrap();
    for _ in 0..5 {
        assert_eq!(sign_in(&access, WRONG).await, Err(SignInError::Wrong));
    }
    assert!(matches!(
        sign_in(&access, &password).await,
        Err(SignInError::TooMany(1..=300))
    ));
    let elsewhere = access.sign_in(ip(2), "", password.clone()).await;
    assert!(elsewhere.is_ok());
    assert!(access.sign_in(None, "socket", password).await.is_ok());
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let access = Access::open(dir.path(), None).unwrap();
    let mut ended = access.ended();
    access
        .set_password(true, Some("only look".to_owned()))
        .await
        .unwrap();
    let (viewer, session) = sign_in(&access, "only look").await.unwrap();
    assert!(session.viewer);
    let (operator, session) = sign_in(&access, &access.password().1.unwrap())
        .await
        .unwrap();
    let credential = Credential::Session(session.digest);
    assert!(access.holds(&credential));
    ended.mark_unchanged();

    access
        .set_password(false, Some("a better one".to_owned()))
        .await
        .unwrap();
    assert!(ended.has_changed().unwrap() && !access.holds(&credential));
    assert!(access.session(&operator).await.is_none());
    assert!(access.session(&viewer).await.is_some());
    assert_eq!(access.password(), (Origin::Set, None));
    assert!(sign_in(&access, "a better one").await.is_ok());
    let same = access
        .set_password(true, Some("a better one".to_owned()))
        .await;
    assert_eq!(same, Err(ChangeError::Same));

    access.set_password(true, None).await.unwrap();
    assert!(access.session(&viewer).await.is_none());
    assert_eq!(sign_in(&access, "only look").await, Err(SignInError::Wrong));
}

#[tokio::test]
async fn a_password_from_outside_wins_and_another_one_ends_its_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let first = Access::open(dir.path(), given("the first one")).unwrap();
    assert_eq!(first.password(), (Origin::Environment, None));
    let (secret, _) = sign_in(&first, "the first one").await.unwrap();
    let refused = first.set_password(false, Some("another".to_owned())).await;
    assert_eq!(refused, Err(ChangeError::Given("RUNWISP_PASSWORD")));

    let again = Access::open(dir.path(), given("the first one")).unwrap();
    assert!(again.session(&secret).await.is_some());
    let other = Access::open(dir.path(), given("the second one")).unwrap();
    assert!(other.session(&secret).await.is_none());
    let (secret, _) = sign_in(&other, "the second one").await.unwrap();
    let none = Access::open(dir.path(), None).unwrap();
    assert!(none.session(&secret).await.is_none());
    assert_eq!(none.password().0, Origin::Generated);
}

#[tokio::test]
async fn a_token_is_shown_once_kept_as_a_digest_and_ends_when_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let access = Access::open(dir.path(), None).unwrap();
    let wish = || Wish {
        name: "ci".to_owned(),
        scope: Scope::Operate,
        units: Some(vec!["web*".to_owned()]),
        lives: None,
        by: "uid 0".to_owned(),
    };
    let made = access.make_token(wish()).await.unwrap();
    assert!(access.make_token(wish()).await.is_err());
    let access = Access::open(dir.path(), None).unwrap();
    let token = access.token(&made.secret).unwrap();
    assert_eq!(
        (token.id.as_str(), token.scope),
        (made.token.id.as_str(), Scope::Operate)
    );
    assert!(access.token("rwt_0000").is_none());
    let credential = Credential::Token(token.id.clone());
    assert!(access.holds(&credential));
    access.revoke_token("ci").await.unwrap();
    assert!(!access.holds(&credential) && access.token(&made.secret).is_none());
    let file = std::fs::read_to_string(dir.path().join(file::FILE_NAME)).unwrap();
    assert!(!file.contains(&made.secret));
}

#[tokio::test]
async fn sign_ins_that_would_wait_too_long_are_told_so_and_do_not_count() {
    let access = Access::forgetful();
    let _all = access
        .waiting
        .acquire_many(u32::try_from(WAITING).unwrap())
        .await
        .unwrap();
    for _ in 0..10 {
        assert_eq!(sign_in(&access, WRONG).await, Err(SignInError::Busy));
    }
}

#[tokio::test]
async fn what_can_not_be_kept_is_said_and_holds_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let access = Access::open(dir.path(), None).unwrap();
    let password = access.password().1.unwrap();
    // A directory in the place of the file that is written first.
    std::fs::create_dir(dir.path().join("access.json~")).unwrap();
    let (secret, _) = sign_in(&access, &password).await.unwrap();
    assert!(access.session(&secret).await.is_some());
    assert!(
        access
            .troubles()
            .any(|trouble| trouble.contains("access.json"))
    );
    std::fs::remove_dir(dir.path().join("access.json~")).unwrap();
    sign_in(&access, &password).await.unwrap();
    assert_eq!(access.troubles().count(), 0);
}

//! `user` and `user:group`, looked up in the system's databases.
//!
//! Tests: `super::tests`.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use runwisp_core::words::spawn::RunAs;

/// The account a text names. The error is a sentence.
pub fn find(text: &str) -> Result<RunAs, String> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let group = group.map(group_id).transpose()?;
    let by_name = User::from_name(user).map_err(|why| unavailable(user, why))?;
    let number = user.parse::<u32>().ok();
    let account = match (by_name, number) {
        (Some(account), _) => Some(account),
        (None, Some(number)) => {
            User::from_uid(Uid::from_raw(number)).map_err(|why| unavailable(user, why))?
        }
        (None, None) => return Err(format!("there is no user `{user}`")),
    };
    match (account, number, group) {
        (Some(account), _, group) => known(account, group),
        // A number without an account, as in a container: it has no groups but the one that is named. The number
        // 4294967295 means "leave it as it is" to the kernel, so it must never get there.
        (None, Some(uid), Some(gid)) if uid != u32::MAX => Ok(RunAs {
            uid,
            gid: gid.as_raw(),
            groups: vec![gid.as_raw()],
            name: uid.to_string(),
            home: "/".to_owned(),
        }),
        (None, ..) => Err(format!(
            "the user {user} has no account, and no group is named"
        )),
    }
}

fn known(account: User, group: Option<Gid>) -> Result<RunAs, String> {
    let gid = group.unwrap_or(account.gid);
    let name = CString::new(account.name.as_str())
        .map_err(|_| "the name holds a NUL character".to_owned())?;
    let groups = getgrouplist(&name, gid).map_err(|why| unavailable(&account.name, why))?;
    Ok(RunAs {
        uid: account.uid.as_raw(),
        gid: gid.as_raw(),
        groups: groups.into_iter().map(Gid::as_raw).collect(),
        name: account.name,
        home: account.dir.display().to_string(),
    })
}

fn group_id(group: &str) -> Result<Gid, String> {
    match Group::from_name(group) {
        Ok(Some(found)) => Ok(found.gid),
        Ok(None) => match group.parse::<u32>() {
            Ok(number) if number != u32::MAX => Ok(Gid::from_raw(number)),
            _ => Err(format!("there is no group `{group}`")),
        },
        Err(why) => Err(unavailable(group, why)),
    }
}

fn unavailable(name: &str, why: nix::Error) -> String {
    format!("could not look up `{name}`: {}", why.desc().to_lowercase())
}

//! What Slack's answers mean for a delivery.
//!
//! A webhook answers with a status and one word; a method answers 200 with `ok` and, where that is false, `error`. Both
//! answer 429 with `Retry-After` to who writes too often.

use runwisp_plugin::http::Response;
use runwisp_plugin::{Failure, Receipt};
use serde::Deserialize;

/// The part of a method's answer that matters.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: String,
    /// The scope that is missing, where that is the error.
    needed: Option<String>,
    channel: Option<String>,
    ts: Option<String>,
}

/// The word of an answer that is a refusal, whichever way it was given.
fn word(response: &Response) -> Option<String> {
    if let Ok(answer) = response.json::<Answer>() {
        return (!answer.ok).then_some(answer.error);
    }
    (!response.is_success()).then(|| response.text().trim().to_string())
}

/// Whether the message would be taken without its blocks.
pub(crate) fn dislikes_blocks(response: &Response) -> bool {
    let words = ["invalid_blocks", "invalid_blocks_format"];
    word(response).is_some_and(|word| words.contains(&word.as_str()))
}

/// Whether the message would be taken outside its thread.
pub(crate) fn lost_thread(response: &Response) -> bool {
    let words = [
        "thread_not_found",
        "message_not_found",
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
    ];
    word(response).is_some_and(|word| words.contains(&word.as_str()))
}

/// What came of a message to a webhook.
pub(crate) fn of_webhook(response: &Response) -> Result<Receipt, Failure> {
    if response.is_success() {
        return Ok(Receipt::default());
    }
    let said = response.text();
    let words = match said.trim() {
        "no_service" => "no_service: the webhook was removed or switched off",
        "no_service_id" | "no_team" | "team_disabled" | "invalid_token" => {
            "Slack does not know this webhook"
        }
        "channel_is_archived" => "channel_is_archived: the webhook's channel is archived",
        "channel_not_found" => "channel_not_found: the webhook's channel is gone",
        "action_prohibited" => "action_prohibited: the workspace does not let this webhook post",
        "posting_to_general_channel_denied" => "only some members may post to this channel",
        "user_not_found" => return Err(Failure::Config("Slack does not know this user".into())),
        _ => "",
    };
    Err(response.failure(words))
}

/// What came of a message by a bot. The reference names it, so that a recovery can answer it.
pub(crate) fn of_api(response: &Response) -> Result<Receipt, Failure> {
    if !response.is_success() {
        return Err(response.failure(""));
    }
    let answer: Answer = response.json().map_err(|why| Failure::retry(why, None))?;
    if !answer.ok {
        return Err(failure(&answer, response.retry_after()));
    }
    Ok(match (answer.channel, answer.ts) {
        (Some(channel), Some(ts)) => Receipt::with_reference(format!("{channel}/{ts}")),
        _ => Receipt::default(),
    })
}

fn failure(answer: &Answer, after: Option<u32>) -> Failure {
    let error = answer.error.as_str();
    let meaning = match error {
        "ratelimited"
        | "rate_limited"
        | "internal_error"
        | "fatal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org" => {
            return Failure::retry(format!("Slack says {error}"), after);
        }
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "not_allowed_token_type" => "the token is not, or no longer, valid",
        "missing_scope" | "no_permission" => {
            let scope = answer.needed.as_deref().unwrap_or("chat:write");
            return Failure::Config(format!(
                "Slack says {error}: the app needs the scope {scope}"
            ));
        }
        "channel_not_found" => "there is no such channel, or the app is not in it",
        "not_in_channel" => "invite the app to the channel",
        "is_archived" => "the channel is archived",
        "user_not_found" | "cannot_dm_bot" | "messages_tab_disabled" => {
            "the app can't write to this member"
        }
        "access_denied"
        | "accesslimited"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "org_login_required"
        | "team_access_not_granted"
        | "channel_type_not_supported"
        | "two_factor_setup_required" => "the workspace does not let the app post there",
        other if other.starts_with("restricted_action") => {
            "the workspace does not let the app post there"
        }
        "" => return Failure::Rejected("Slack refused the message without a reason".into()),
        other => return Failure::Rejected(format!("Slack says {other}")),
    };
    Failure::Config(format!("Slack says {error}: {meaning}"))
}

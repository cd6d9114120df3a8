//! What users write in `[notifiers.ID]` with `type = "slack"`.

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{Failure, Finding, http};
use serde::Deserialize;

/// The settings of the notifier `slack`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of an incoming webhook. Either this or `token`.
    #[schemars(extend("writeOnly" = true))]
    pub webhook_url: Option<String>,
    /// A bot token (`xoxb-…`) with the scope `chat:write`. With it recoveries answer in the failure's thread.
    #[schemars(extend("writeOnly" = true))]
    pub token: Option<String>,
    /// Where a bot posts: a channel's id, or its name with `#`. A target, as in `slack:#ops`, goes before it.
    pub channel: Option<String>,
    /// Who is called when something failed: `@here`, `@channel`, `@everyone`, or ids of members (`U…`) and groups (`S…`).
    #[serde(default)]
    pub mention: Vec<String>,
    /// Whether a recovery answers the failure in its thread. Needs `token`.
    #[serde(default = "yes")]
    pub thread: bool,
    /// Whether an answer in a thread is shown in the channel as well.
    #[serde(default)]
    pub broadcast: bool,
    /// A template for the heading, instead of ours.
    pub title: Option<String>,
    /// A template for the text, in Slack's mrkdwn, instead of sentence and output.
    pub text: Option<String>,
    /// Where Slack's methods are, for GovSlack and the like.
    #[serde(default = "api_url")]
    pub api_url: String,
}

fn yes() -> bool {
    true
}

fn api_url() -> String {
    "https://slack.com/api".into()
}

impl Settings {
    /// The address of a method.
    pub(crate) fn api(&self, method: &str) -> String {
        format!("{}/{method}", self.api_url.trim_end_matches('/'))
    }

    /// What can't be true at once, and values that are no such thing.
    pub(crate) fn contradictions(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match (&self.webhook_url, &self.token) {
            (None, None) => findings.push(
                Finding::error("", "`webhook_url` is missing")
                    .help("Set `webhook_url`, or `token` and `channel`."),
            ),
            (Some(_), Some(_)) => findings.push(
                Finding::error(
                    "/webhook_url",
                    "`webhook_url` and `token` exclude each other",
                )
                .help("Keep `token`, which can do more, or `webhook_url` alone."),
            ),
            (Some(url), None) => {
                findings.extend(http::check_url("/webhook_url", url));
                if self.channel.is_some() {
                    findings.push(
                        Finding::error("/channel", "a webhook posts to its own channel")
                            .help("Remove `channel`, or use `token` instead of `webhook_url`."),
                    );
                }
            }
            (None, Some(_)) => match self.channel.as_deref() {
                None => findings
                    .push(Finding::error("", "`channel` is missing").help(
                        "Write a channel's id, such as `C0123456789`, or its name with `#`.",
                    )),
                Some(channel) => findings
                    .extend(channel_fault(channel).map(|fault| Finding::error("/channel", fault))),
            },
        }
        findings.extend(http::check_url("/api_url", &self.api_url));
        for (place, who) in self.mention.iter().enumerate() {
            if mention(who).is_none() {
                findings.push(
                    Finding::error(format!("/mention/{place}"), "nobody is called by this").help(
                        "Write `@here`, `@channel`, `@everyone`, or the id of a member (`U…`) or a \
                             group (`S…`), which its profile shows.",
                    ),
                );
            }
        }
        findings
    }

    /// A failure in which neither token nor webhook address stands.
    pub(crate) fn masked(&self, failure: Failure) -> Failure {
        [&self.token, &self.webhook_url]
            .into_iter()
            .flatten()
            .fold(failure, |failure, secret| failure.masked(secret))
    }

    /// Everybody who is called, in Slack's markup.
    pub(crate) fn mentions(&self) -> String {
        let all: Vec<String> = self.mention.iter().filter_map(|who| mention(who)).collect();
        all.join(" ")
    }
}

/// What Slack makes a call of: `<!here>`, `<@U…>`, `<!subteam^S…>`.
fn mention(who: &str) -> Option<String> {
    let name = who.strip_prefix('@').unwrap_or(who);
    let id = name.len() > 4
        && name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    match (name, name.chars().next()) {
        ("here" | "channel" | "everyone", _) => Some(format!("<!{name}>")),
        (_, Some('U' | 'W')) if id => Some(format!("<@{name}>")),
        (_, Some('S')) if id => Some(format!("<!subteam^{name}>")),
        _ => None,
    }
}

/// What is wrong with the name or the id of a channel.
pub(crate) fn channel_fault(channel: &str) -> Option<String> {
    let name = channel.strip_prefix('#').unwrap_or(channel);
    if channel.starts_with('@') {
        return Some("Slack takes a member's id (`U…`), not a name with `@`".into());
    }
    let bad =
        |letter: char| letter.is_whitespace() || letter.is_control() || ",/#@<>".contains(letter);
    // Slack's own limit for names is 80 characters.
    let sound = !name.is_empty() && name.chars().count() <= 80 && !name.contains(bad);
    (!sound).then(|| "this is neither the id nor the name of a channel".into())
}

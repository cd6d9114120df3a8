//! Tells a Slack channel.

//! Tells a Telegram chat.

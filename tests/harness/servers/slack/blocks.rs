//! The limits of Block Kit.
//!
//! Source: docs.slack.dev, "Blocks" and "Block elements". Known here are the blocks that a notification can do with;
//! any other type is told as unsupported.
//!
//! Invariant: pure. Tests: `tests` of the folder.

use serde_json::Value;

const BLOCKS: usize = 50;

/// What Slack would say about a list of blocks, in its own words, each with its place.
pub(super) fn faults(blocks: &Value) -> Vec<String> {
    let mut told = Told(Vec::new());
    match blocks {
        Value::Null => {}
        Value::Array(list) => {
            told.limit("/blocks", "items", list.len(), 1..=BLOCKS);
            for (place, block) in list.iter().enumerate() {
                told.block(&format!("/blocks/{place}"), block);
            }
            told.unique_ids(list);
        }
        _ => told.say("/blocks", "must be an array"),
    }
    told.0
}

struct Told(Vec<String>);

impl Told {
    fn say(&mut self, at: &str, what: impl AsRef<str>) {
        self.0
            .push(format!("{} [json-pointer:{at}]", what.as_ref()));
    }

    fn limit(
        &mut self,
        at: &str,
        unit: &str,
        length: usize,
        range: std::ops::RangeInclusive<usize>,
    ) {
        if length > *range.end() {
            self.say(at, format!("must be less than {} {unit}", range.end() + 1));
        } else if length < *range.start() {
            self.say(
                at,
                format!(
                    "must be more than {} {unit}",
                    range.start().saturating_sub(1)
                ),
            );
        }
    }

    fn block(&mut self, at: &str, block: &Value) {
        self.short_text(at, block, "block_id", 255, false);
        let known: &[&str] = match block["type"].as_str() {
            Some("header") => {
                self.text(&format!("{at}/text"), &block["text"], 150, &["plain_text"]);
                &["text"]
            }
            Some("section") => {
                self.section(at, block);
                &["text", "fields", "accessory", "expand"]
            }
            Some("context") => {
                self.each(at, block, "elements", 1..=10, |told, at, part| {
                    match part["type"].as_str() {
                        Some("image") => told.image(at, part),
                        _ => told.text(at, part, 3000, &["plain_text", "mrkdwn"]),
                    }
                });
                &["elements"]
            }
            Some("actions") => {
                self.each(at, block, "elements", 1..=25, Told::button);
                &["elements"]
            }
            Some("divider") => &[],
            Some("image") => {
                self.image(at, block);
                &["image_url", "alt_text", "title", "slack_file"]
            }
            Some(other) => return self.say(at, format!("unsupported type: {other}")),
            None => return self.say(at, "missing required field: type"),
        };
        for key in block
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
        {
            if !["type", "block_id"].contains(&key) && !known.contains(&key) {
                self.say(at, format!("no more than 0 properties allowed: {key}"));
            }
        }
    }

    fn section(&mut self, at: &str, block: &Value) {
        let kinds = &["plain_text", "mrkdwn"];
        if block["text"].is_null() && block["fields"].is_null() {
            self.say(at, "missing required field: text");
        }
        if !block["text"].is_null() {
            self.text(&format!("{at}/text"), &block["text"], 3000, kinds);
        }
        if !block["fields"].is_null() {
            self.each(at, block, "fields", 1..=10, |told, at, field| {
                told.text(at, field, 2000, kinds)
            });
        }
        if !block["accessory"].is_null() {
            self.button(&format!("{at}/accessory"), &block["accessory"]);
        }
    }

    fn each(
        &mut self,
        at: &str,
        block: &Value,
        key: &str,
        range: std::ops::RangeInclusive<usize>,
        check: impl Fn(&mut Told, &str, &Value),
    ) {
        let at = format!("{at}/{key}");
        let Some(list) = block[key].as_array() else {
            return self.say(&at, format!("missing required field: {key}"));
        };
        self.limit(&at, "items", list.len(), range);
        for (place, item) in list.iter().enumerate() {
            check(self, &format!("{at}/{place}"), item);
        }
    }

    fn text(&mut self, at: &str, text: &Value, most: usize, kinds: &[&str]) {
        if !text["type"]
            .as_str()
            .is_some_and(|kind| kinds.contains(&kind))
        {
            return self.say(at, format!("must be one of {kinds:?}"));
        }
        let said = text["text"].as_str().unwrap_or_default();
        self.limit(
            &format!("{at}/text"),
            "characters",
            said.chars().count(),
            1..=most,
        );
        if text["type"] == "mrkdwn" && !text["emoji"].is_null() {
            self.say(at, "emoji is for plain_text alone");
        }
    }

    fn button(&mut self, at: &str, button: &Value) {
        if button["type"] != "button" {
            return self.say(at, format!("unsupported type: {}", button["type"]));
        }
        self.text(&format!("{at}/text"), &button["text"], 75, &["plain_text"]);
        self.short_text(at, button, "action_id", 255, false);
        self.short_text(at, button, "url", 3000, false);
        self.short_text(at, button, "value", 2000, false);
        if !matches!(button["style"].as_str(), None | Some("primary" | "danger")) {
            self.say(at, "style must be primary or danger");
        }
    }

    fn image(&mut self, at: &str, image: &Value) {
        self.short_text(at, image, "image_url", 3000, true);
        self.short_text(at, image, "alt_text", 2000, true);
    }

    fn short_text(&mut self, at: &str, holder: &Value, key: &str, most: usize, required: bool) {
        match &holder[key] {
            Value::Null if required => self.say(at, format!("missing required field: {key}")),
            Value::Null => {}
            Value::String(text) => {
                self.limit(
                    &format!("{at}/{key}"),
                    "characters",
                    text.chars().count(),
                    1..=most,
                );
            }
            _ => self.say(&format!("{at}/{key}"), "must be a string"),
        }
    }

    fn unique_ids(&mut self, list: &[Value]) {
        let mut ids: Vec<&str> = list
            .iter()
            .filter_map(|block| block["block_id"].as_str())
            .collect();
        ids.sort_unstable();
        for pair in ids.windows(2).filter(|pair| pair[0] == pair[1]) {
            self.say("/blocks", format!("block_id already exists: {}", pair[0]));
        }
    }
}

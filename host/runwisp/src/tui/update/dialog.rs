//! Keys while a dialog is open: it takes all of them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;

use super::prompt::type_in;
use super::travel;
use crate::tui::message::{Act, Bucket, Effect};
use crate::tui::state::{App, Dialog, Field, Form};

/// How far a text moves with page keys.
const PAGE: i64 = 10;

pub(super) fn key(app: &mut App, key: &KeyEvent) -> Vec<Effect> {
    let Some(dialog) = app.dialog.take() else {
        return Vec::new();
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
        // A second Ctrl-C at the question whether to quit is an answer.
        return if matches!(dialog, Dialog::Quit { .. }) {
            vec![Effect::Quit]
        } else {
            Vec::new()
        };
    }
    match dialog {
        Dialog::Confirm { .. } => confirm(app, dialog, key),
        Dialog::Form(form) => form_key(app, form, key),
        Dialog::Buckets { at } => buckets(app, at, key),
        Dialog::Text { title, lines, top } => {
            let Some(by) = reading(key) else {
                return Vec::new();
            };
            let top = travel::moved(top, by, lines.len());
            app.dialog = Some(Dialog::Text { title, lines, top });
            Vec::new()
        }
        Dialog::Plan(plan) => match key.code {
            KeyCode::Enter | KeyCode::Char('y') => vec![Effect::Do(Act::Reload)],
            KeyCode::Esc | KeyCode::Char('n' | 'q') | KeyCode::Backspace => Vec::new(),
            _ => {
                app.dialog = Some(Dialog::Plan(plan));
                Vec::new()
            }
        },
        Dialog::Quit { at } => quit(app, at, key),
    }
}

/// How a key moves a text; none closes it.
fn reading(key: &KeyEvent) -> Option<i64> {
    match key.code {
        KeyCode::Esc | KeyCode::Char('q' | '?' | 'i') | KeyCode::Enter | KeyCode::Backspace => None,
        KeyCode::Up | KeyCode::Char('k') => Some(-1),
        KeyCode::Down | KeyCode::Char('j') => Some(1),
        KeyCode::PageUp => Some(-PAGE),
        KeyCode::PageDown | KeyCode::Char(' ') => Some(PAGE),
        KeyCode::Home | KeyCode::Char('g') => Some(-i64::from(u32::MAX)),
        KeyCode::End | KeyCode::Char('G') => Some(i64::from(u32::MAX)),
        _ => Some(0),
    }
}

fn confirm(app: &mut App, dialog: Dialog, key: &KeyEvent) -> Vec<Effect> {
    match (key.code, dialog) {
        (KeyCode::Enter | KeyCode::Char('y'), Dialog::Confirm { act, .. }) => vec![Effect::Do(act)],
        (KeyCode::Esc | KeyCode::Char('n' | 'q') | KeyCode::Backspace, _) => Vec::new(),
        (_, dialog) => {
            app.dialog = Some(dialog);
            Vec::new()
        }
    }
}

fn buckets(app: &mut App, at: usize, key: &KeyEvent) -> Vec<Effect> {
    let by = match key.code {
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j' | 'f') | KeyCode::Tab => 1,
        KeyCode::Enter | KeyCode::Char(' ') => {
            travel::filter(app, Bucket::EACH[at.min(Bucket::EACH.len() - 1)]);
            return Vec::new();
        }
        KeyCode::Esc | KeyCode::Char('q') | KeyCode::Backspace => return Vec::new(),
        _ => 0,
    };
    let at = travel::moved(at, by, Bucket::EACH.len());
    app.dialog = Some(Dialog::Buckets { at });
    Vec::new()
}

fn quit(app: &mut App, at: usize, key: &KeyEvent) -> Vec<Effect> {
    let at = match key.code {
        KeyCode::Up | KeyCode::Char('k') | KeyCode::Left | KeyCode::Char('h') => 0,
        KeyCode::Down | KeyCode::Char('j') | KeyCode::Right | KeyCode::Char('l') => 1,
        KeyCode::Tab => 1 - at.min(1),
        KeyCode::Enter | KeyCode::Char('q') => {
            app.stop_daemon = at == 1;
            return vec![Effect::Quit];
        }
        KeyCode::Esc | KeyCode::Backspace => return Vec::new(),
        _ => at,
    };
    app.dialog = Some(Dialog::Quit { at });
    Vec::new()
}

fn form_key(app: &mut App, mut form: Form, key: &KeyEvent) -> Vec<Effect> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let last = form.fields.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => {
            form.trouble = form.trouble();
            if form.trouble.is_none() {
                let params = form.params();
                return vec![Effect::Do(Act::Run {
                    unit: form.unit,
                    params,
                })];
            }
        }
        KeyCode::Up | KeyCode::BackTab => form.at = form.at.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => form.at = (form.at + 1).min(last),
        _ => {
            if let Some(field) = form.fields.get_mut(form.at) {
                field.key(key.code, ctrl);
            }
            form.trouble = None;
        }
    }
    app.dialog = Some(Dialog::Form(form));
    Vec::new()
}

pub(super) fn paste(app: &mut App, pasted: &str) {
    if let Some(Dialog::Form(form)) = &mut app.dialog
        && let Some(field) = form.fields.get_mut(form.at)
        && field.choices.is_empty()
        && !field.flag
    {
        field.given = true;
        type_in(&mut field.text, pasted);
    }
}

impl Field {
    fn key(&mut self, code: KeyCode, ctrl: bool) {
        match code {
            KeyCode::Char('t') if ctrl => self.given = !self.given || self.required,
            KeyCode::Char('u') if ctrl => self.text.clear(),
            KeyCode::Char(_) if ctrl => {}
            KeyCode::Left if !self.choices.is_empty() => self.choose(-1),
            KeyCode::Right | KeyCode::Char(' ') if !self.choices.is_empty() => self.choose(1),
            KeyCode::Left | KeyCode::Right | KeyCode::Char(' ') if self.flag => {
                let on = self.text == "true";
                self.text = if on { "false" } else { "true" }.to_owned();
                self.given = true;
            }
            KeyCode::Char(c) if self.choices.is_empty() && !self.flag => {
                self.given = true;
                type_in(&mut self.text, &c.to_string());
            }
            KeyCode::Backspace if self.choices.is_empty() && !self.flag => {
                self.text.pop();
            }
            _ => {}
        }
    }

    fn choose(&mut self, by: i64) {
        let now = self.choices.iter().position(|choice| *choice == self.text);
        let at = match now {
            Some(at) => travel::moved(at, by, self.choices.len()),
            None => 0,
        };
        self.text = self.choices[at].clone();
        self.given = true;
    }
}

impl Form {
    /// The parameters of a unit's definition.
    pub(super) fn fields(definition: &Value) -> Vec<Field> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let params = definition["params"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        params
            .iter()
            .map(|param| Field {
                name: text(&param["name"]),
                description: text(&param["description"]),
                required: param["required"].as_bool().unwrap_or(false),
                choices: param["choices"]
                    .as_array()
                    .map_or_else(Vec::new, |choices| choices.iter().map(text).collect()),
                flag: matches!(param["type"].as_str(), Some("bool" | "boolean" | "flag")),
                text: text(&param["default"]),
                given: !param["default"].is_null() || param["required"].as_bool().unwrap_or(false),
            })
            .collect()
    }

    fn trouble(&self) -> Option<String> {
        let missing = self
            .fields
            .iter()
            .find(|field| field.required && field.text.is_empty());
        missing.map(|field| format!("{} has to be given", field.name))
    }

    fn params(&self) -> Vec<(String, String)> {
        let given = self.fields.iter().filter(|field| field.given);
        given
            .map(|field| (field.name.clone(), field.text.clone()))
            .collect()
    }
}

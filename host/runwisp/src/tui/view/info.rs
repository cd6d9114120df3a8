//! Daemon and machine: versions, places, figures, and what is not as it should be.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use serde_json::Value;

use super::theme::Theme;
use super::{Sheet, one, words};
use crate::tui::state::App;
use crate::tui::text::{clean, wrap};

/// Cells of a bar.
const BAR: usize = 20;

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let theme = sheet.theme;
    let mut lines = vec![one("Daemon", theme.title(), area)];
    match &app.status {
        None => lines.push(one("asking …", theme.faint(), area)),
        Some(status) => {
            let daemon = &status.daemon;
            let ms =
                u64::try_from(app.now.duration_since(daemon.started_at).as_millis()).unwrap_or(0);
            lines.extend([
                fact("version", &daemon.version, theme),
                fact("reached at", &app.setting.place, theme),
                fact(
                    "processes",
                    &format!("keeper {}, daemon {}", daemon.pid, daemon.daemon_pid),
                    theme,
                ),
                fact("in charge for", &words::length(ms), theme),
                fact("configuration", &daemon.config, theme),
                fact("data", &daemon.data, theme),
                fact(
                    "times in",
                    app.setting
                        .zone
                        .iana_name()
                        .unwrap_or("this machine's zone"),
                    theme,
                ),
            ]);
            for warning in &daemon.warnings {
                for text in wrap(warning, usize::from(area.width).saturating_sub(4)) {
                    lines.push(Line::styled(format!("  {text}"), theme.notice()));
                }
            }
        }
    }
    if let Some(host) = &app.host {
        lines.push(Line::default());
        lines.extend(machine(host, theme, area));
    }
    sheet.lines(area, lines);
}

fn fact(name: &str, value: &str, theme: Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("  {name:<15}"), theme.faint()),
        Span::styled(clean(value), theme.plain()),
    ])
}

fn machine(host: &Value, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let text = |key: &str| host[key].as_str().unwrap_or_default().to_owned();
    let bytes = |value: &Value| value.as_u64().map(words::size).unwrap_or_default();
    let mut lines = vec![one("Machine", theme.title(), area)];
    lines.push(fact(
        "name",
        &format!(
            "{}, {} {}, {} cores",
            text("hostname"),
            text("os"),
            text("arch"),
            host["cores"]
        ),
        theme,
    ));
    if let Some(ms) = host["uptime_ms"].as_u64() {
        lines.push(fact("up for", &words::length(ms), theme));
    }
    if let Some(load) = host["load"].as_array() {
        let load: Vec<String> = load
            .iter()
            .filter_map(Value::as_f64)
            .map(|l| format!("{l:.2}"))
            .collect();
        lines.push(fact("load", &load.join("  "), theme));
    }
    if let Some(percent) = host["cpu_percent"].as_f64() {
        lines.push(gauge(
            "processor",
            percent,
            &format!("{percent:.0} %"),
            theme,
        ));
    }
    let (used, total) = (
        &host["memory"]["used_bytes"],
        &host["memory"]["total_bytes"],
    );
    if let Some(percent) = share(used, total) {
        lines.push(gauge(
            "memory",
            percent,
            &format!("{} of {}", bytes(used), bytes(total)),
            theme,
        ));
    }
    let (free, total) = (&host["disk"]["free_bytes"], &host["disk"]["total_bytes"]);
    if let Some(percent) = share(free, total) {
        lines.push(gauge(
            "disk",
            100.0 - percent,
            &format!("{} free of {}", bytes(free), bytes(total)),
            theme,
        ));
    }
    let daemon = &host["daemon"];
    if let Some(percent) = daemon["cpu_percent"].as_f64() {
        let text = format!(
            "{percent:.1} % of a core, {}, {} files open",
            bytes(&daemon["memory_bytes"]),
            daemon["open_fds"]
        );
        lines.push(fact("runwisp itself", &text, theme));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a share of a bar, not a sum")]
fn share(part: &Value, whole: &Value) -> Option<f64> {
    let (part, whole) = (part.as_u64()?, whole.as_u64().filter(|whole| *whole > 0)?);
    Some(part as f64 * 100.0 / whole as f64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the cells of a bar"
)]
fn gauge(name: &str, percent: f64, text: &str, theme: Theme) -> Line<'static> {
    let full = ((percent.clamp(0.0, 100.0) / 100.0 * BAR as f64).round() as usize).min(BAR);
    let style = match percent {
        ..70.0 => theme.good(),
        ..90.0 => theme.notice(),
        _ => theme.bad(),
    };
    Line::from(vec![
        Span::styled(format!("  {name:<15}"), theme.faint()),
        Span::styled("█".repeat(full), style),
        Span::styled("░".repeat(BAR - full), theme.faint()),
        Span::styled(format!(" {}", clean(text)), theme.plain()),
    ])
}

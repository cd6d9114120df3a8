//! Pictures of every page and dialog at three sizes, and that nothing fails at any.

use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::theme::{Colors, Theme};
use super::view;
use crate::tui::log::tests::{line, lines};
use crate::tui::message::Message;
use crate::tui::world::{Ui, now};
use crate::wire::Problem;

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];

fn drawn(ui: &Ui, colors: Colors) -> Terminal<TestBackend> {
    let (width, height) = ui.app.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| view(&ui.app, Theme::new(colors), frame))
        .unwrap();
    terminal
}

/// Pictures of what these keys lead to.
fn pictures(name: &str, keys: &str, also: impl Fn(&mut Ui)) {
    for (width, height) in SIZES {
        let mut ui = Ui::open(width, height);
        for word in keys.split("  ").filter(|word| !word.is_empty()) {
            ui.press(word);
            ui.answer_all();
        }
        also(&mut ui);
        let picture = drawn(&ui, Colors::True);
        assert_snapshot!(format!("{name}_{width}x{height}"), picture.backend());
    }
}

fn log(ui: &mut Ui) {
    ui.lines(vec![
        line(1, "\u{1b}[1mdumping shop\u{1b}[0m to /backup"),
        line(2, "table \u{1b}[32musers\u{1b}[0m\tok"),
        line(3, "table orders\tfailed: \u{202e}could not be read"),
        line(4, "日本語のログ and an emoji 👩\u{200d}💻 end"),
        line(5, "a long line that goes on and on so that it can be broken or cut, whichever the reader of this log likes better"),
        line(6, "progress 10%\rprogress 100%"),
        line(7, "table orders: could not be read"),
    ]);
}

#[test]
fn overview() {
    pictures("overview", "", |_| {});
    pictures("overview_of_nothing", "", |ui| ui.app.status = None);
}

#[test]
fn pages() {
    pictures("runs", "A  space  j", |_| {});
    pictures("bell", "n", |_| {});
    pictures("info", "j j j  tab", |_| {});
    pictures("service", "/ \"web\" enter  tab", |_| {});
    pictures("task", "/ \"backup\" enter  tab", |_| {});
    pictures("run", "/ \"backup\" enter  tab  enter", log);
    pictures(
        "run_alone_broken_lines",
        "/ \"backup\" enter  tab  enter  f w t",
        log,
    );
    pictures("run_search", "/ \"backup\" enter  tab  enter", |ui| {
        log(ui);
        ui.press("/ \"orders\" enter");
        ui.answer_all();
    });
    pictures("run_scrolled", "/ \"backup\" enter  tab  enter", |ui| {
        ui.lines(lines(1..=500));
        ui.press("pgup pgup");
    });
}

#[test]
fn dialogs() {
    pictures("help", "?", |_| {});
    pictures("confirm", "/ \"web\" enter  s", |_| {});
    pictures("form", "/ \"deploy\" enter  r  down", |_| {});
    pictures("buckets", "A  f  j", |_| {});
    pictures("plan", "R", |_| {});
    pictures("inspect", "/ \"backup\" enter  i", |_| {});
    pictures("quit", "", |ui| {
        ui.app.setting.own_daemon = true;
        ui.press("q");
    });
    pictures("filter", "/  \"we\"", |_| {});
}

#[test]
fn lost_and_toasts() {
    pictures("lost", "", |ui| {
        ui.hear(Message::Lost(Problem::new(
            "daemon.unreachable",
            "could not reach a daemon at /run/x: nobody listens there",
        )));
        ui.hear(Message::Tick(now() + jiff::SignedDuration::from_secs(12)));
    });
    pictures("toasts", "", |ui| {
        let refused = Problem::new("unit.locked", "backup says manual_trigger = false")
            .help("Change that first.");
        ui.hear(Message::Done(
            crate::tui::message::Act::Start("backup".into()),
            Err(refused),
        ));
    });
}

#[test]
fn every_size_can_be_drawn_in_every_amount_of_colours() {
    let pages = [
        "",
        "A",
        "n",
        "j j j",
        "/ \"web\" enter",
        "?",
        "/ \"deploy\" enter  r",
        "R",
        "A  f",
        "/ \"backup\" enter  i",
    ];
    for (width, height) in [
        (1, 1),
        (2, 2),
        (3, 300),
        (300, 5),
        (5, 3),
        (20, 4),
        (40, 10),
        (71, 9),
        (72, 9),
        (1000, 2),
    ] {
        for keys in pages {
            let mut ui = Ui::open(width, height);
            for word in keys.split("  ").filter(|word| !word.is_empty()) {
                ui.press(word);
                ui.answer_all();
            }
            ui.press("tab");
            for colors in [Colors::None, Colors::Few, Colors::Indexed, Colors::True] {
                drawn(&ui, colors);
            }
        }
        let mut ui = Ui::open(width, height);
        ui.press("A");
        ui.answer_all();
        ui.press("enter");
        ui.answer_all();
        log(&mut ui);
        drawn(&ui, Colors::True);
    }
}

#[test]
fn output_can_not_steer_the_terminal() {
    let mut ui = Ui::open(80, 24);
    ui.press("A");
    ui.answer_all();
    ui.press("enter");
    ui.answer_all();
    let evil: String = (0..0x250_u32)
        .chain(0x2000..0x2070)
        .filter_map(char::from_u32)
        .filter(|c| *c != '\u{1b}')
        .collect();
    ui.lines(vec![
        line(1, &evil),
        line(2, "\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[?1049l"),
    ]);
    ui.press("w");
    for cell in drawn(&ui, Colors::True).backend().buffer().content() {
        let fine = cell
            .symbol()
            .chars()
            .all(|c| super::super::text::safe(c) == Some(c));
        assert!(fine, "{:?}", cell.symbol());
    }
}

#[test]
fn without_colours_nothing_is_coloured() {
    let mut ui = Ui::open(120, 40);
    ui.press("A");
    ui.answer_all();
    ui.press("enter");
    ui.answer_all();
    log(&mut ui);
    use ratatui::style::Color;
    let picture = drawn(&ui, Colors::None);
    let plain = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(picture.backend().buffer().content().iter().all(plain));
}

//! The terminal UI as scripts: keys, answers and events in; what it wants done, and where the user is, out.

use ratatui::crossterm::event::MouseEventKind;
use serde_json::json;

use crate::tui::log::tests::lines;
use crate::tui::message::{Act, Bucket, Bulk, Chosen, Effect, Message, Outcome, Query};
use crate::tui::state::{Dialog, Focus, Link, Page};
use crate::tui::world::{Ui, id, run};
use crate::wire::Problem;

fn orders(effects: Vec<Effect>) -> Vec<Act> {
    let orders = effects.into_iter().filter_map(|effect| match effect {
        Effect::Do(act) => Some(act),
        _ => None,
    });
    orders.collect()
}

fn unit(name: &str) -> Page {
    Page::Unit(name.to_owned())
}

#[test]
fn everything_is_asked_for_once_at_the_beginning() {
    let ui = Ui::blank(120, 40);
    let asked = [Query::Status, Query::Bell, Query::Recent].map(Effect::Ask);
    assert_eq!(ui.effects, asked);
    let mut ui = Ui::open(120, 40);
    assert_eq!(ui.taken(), []);
    ui.press("j");
    assert_eq!(ui.app.page, Page::Runs);
}

#[test]
fn a_failing_task_is_found_read_and_run_again() {
    let mut ui = Ui::open(120, 40);
    // The first thing on the page of what needs attention is the task.
    ui.press("right enter");
    assert_eq!(ui.app.page, unit("backup"));
    ui.answer_all();
    ui.press("enter");
    assert_eq!(ui.app.page, Page::Run(id(1)));
    let followed = ui
        .effects
        .iter()
        .any(|e| matches!(e, Effect::Follow { run, .. } if *run == id(1)));
    assert!(followed);
    ui.answer_all();
    ui.lines(lines(1..=20));
    assert_eq!(ui.app.log.as_ref().unwrap().lines.len(), 20);
    ui.taken();
    ui.press("r");
    assert_eq!(orders(ui.taken()), [Act::Rerun(id(1))]);
    let started = Outcome::Runs {
        runs: vec![id(60)],
        changed: true,
    };
    ui.hear(Message::Done(Act::Rerun(id(1)), Ok(started)));
    assert_eq!(ui.app.page, Page::Run(id(60)));
    ui.press("esc");
    assert_eq!(ui.app.page, Page::Run(id(1)));
    ui.press("esc esc");
    assert_eq!(ui.app.page, Page::Home);
}

#[test]
fn what_changes_something_is_confirmed_first() {
    let mut ui = Ui::open(120, 40);
    ui.press("/ \"web\" enter");
    assert_eq!(ui.app.page, unit("web"));
    ui.answer_all();
    for (keys, orders_given) in [
        ("s n", vec![]),
        ("s esc", vec![]),
        ("s x y", vec![Act::Stop("web".into())]),
        ("r enter", vec![Act::Restart("web".into())]),
    ] {
        ui.taken();
        ui.press(keys);
        assert_eq!(orders(ui.taken()), orders_given, "{keys}");
        assert!(ui.app.dialog.is_none(), "{keys}");
    }
}

#[test]
fn a_task_with_parameters_asks_for_them() {
    let mut ui = Ui::open(120, 40);
    ui.press("/ \"deploy\" enter");
    ui.answer_all();
    ui.press("r");
    assert!(matches!(ui.app.dialog, Some(Dialog::Form(_))));
    ui.press("enter");
    let Some(Dialog::Form(form)) = &ui.app.dialog else {
        panic!()
    };
    assert_eq!(form.trouble.as_deref(), Some("version has to be given"));
    ui.taken();
    ui.press("\"1.2\" tab right tab space up ctrl+t enter");
    let given = vec![
        ("version".to_owned(), "1.2".to_owned()),
        ("dry-run".to_owned(), "true".to_owned()),
    ];
    assert_eq!(
        orders(ui.taken()),
        [Act::Run {
            unit: "deploy".into(),
            params: given
        }]
    );
    ui.press("r esc");
    assert_eq!(orders(ui.taken()), []);
}

#[test]
fn many_runs_are_deleted_and_taken_back() {
    let mut ui = Ui::open(120, 40);
    ui.press("A");
    ui.answer_all();
    let first = ui.app.runs.runs[0].id;
    let second = ui.app.runs.runs[1].id;
    ui.press("space space d enter");
    let both = Chosen::These(vec![first, second]);
    let delete = Act::Bulk(Bulk::Delete, both.clone());
    assert_eq!(orders(ui.taken()), vec![delete.clone()]);
    ui.hear(Message::Done(
        delete,
        Ok(Outcome::Bulk {
            affected: 2,
            skipped: 0,
        }),
    ));
    assert!(!ui.app.runs.any_selected() && ui.app.runs.runs[0].id != first);
    ui.press("u");
    assert_eq!(orders(ui.taken()), [Act::Bulk(Bulk::Restore, both)]);
    ui.press("f j j j enter");
    ui.answer_all();
    ui.press("a space c");
    // Stopping is for what runs: the list is told, the daemon passes over what has ended.
    ui.press("y");
    let all = Chosen::All {
        unit: None,
        bucket: Bucket::Failed,
        except: vec![ui.app.runs.runs[0].id],
    };
    assert_eq!(orders(ui.taken()), [Act::Bulk(Bulk::Stop, all)]);
}

#[test]
fn more_runs_are_asked_for_near_the_end_and_the_cursor_stays_at_its_run() {
    let mut ui = Ui::open(120, 40);
    ui.press("A");
    ui.answer_all();
    assert_eq!(ui.app.runs.runs.len(), 40);
    ui.press("G");
    ui.answer_all();
    assert_eq!(ui.app.runs.runs.len(), 80);
    let at = ui.app.runs.runs[ui.app.runs.at].id;
    ui.app.asked.runs.wanted = true;
    ui.press("l");
    ui.answer_all();
    assert_eq!(ui.app.runs.runs[ui.app.runs.at].id, at);
}

#[test]
fn a_search_jumps_from_hit_to_hit_and_around() {
    let mut ui = Ui::open(120, 40);
    ui.press("A enter");
    ui.answer_all();
    ui.press("enter");
    ui.answer_all();
    ui.lines(lines(1..=200));
    ui.press("/ \"err\" enter");
    ui.answer_all();
    let log = |ui: &Ui| {
        (
            ui.app.log.as_ref().unwrap().top,
            ui.app.log.as_ref().unwrap().search.as_ref().unwrap().at,
        )
    };
    assert_eq!(log(&ui), (15, 2));
    ui.press("n");
    assert_eq!(log(&ui), (2, 0));
    ui.press("N N");
    assert_eq!(log(&ui), (9, 1));
    ui.press("esc");
    assert!(ui.app.log.as_ref().unwrap().search.is_none());
    ui.press("n");
    assert_eq!(ui.app.page, Page::Bell);
}

#[test]
fn a_search_that_fails_leaves_what_is_loaded() {
    let mut ui = Ui::open(120, 40);
    ui.press("A");
    ui.answer_all();
    ui.press("enter");
    ui.answer_all();
    ui.lines(lines(1..=200));
    ui.press("/ \"19\" enter");
    let query = match ui.taken().pop() {
        Some(Effect::Ask(query)) => query,
        other => panic!("{other:?}"),
    };
    let problem = Problem::new("io.failed", "the log could not be read");
    ui.hear(Message::Answer(query, Err(problem)));
    let search = ui.app.log.as_ref().unwrap().search.clone().unwrap();
    assert!(search.partial);
    assert_eq!(search.hits.unwrap().first(), Some(&19));
}

#[test]
fn a_daemon_that_goes_away_is_asked_nothing_and_everything_once_it_is_back() {
    let mut ui = Ui::open(120, 40);
    ui.hear(Message::Lost(Problem::new(
        "daemon.unreachable",
        "nobody listens there",
    )));
    assert!(matches!(&ui.app.link, Link::Lost { .. }));
    ui.taken();
    ui.press("j j");
    assert_eq!(ui.taken(), []);
    ui.hear(Message::Connected);
    let asked = ui
        .effects
        .iter()
        .filter(|e| matches!(e, Effect::Ask(Query::Status)))
        .count();
    assert_eq!((asked, ui.app.link.clone()), (1, Link::Up));
    assert_eq!(
        ui.app.toasts.back().unwrap().text,
        "the daemon is there again"
    );
}

#[test]
fn events_are_answered_by_one_question_however_many_they_are() {
    let mut ui = Ui::open(120, 40);
    for seq in 1..=1_000 {
        let event = json!({
            "seq": seq, "at": "2026-01-01T12:00:00Z", "event": "run", "run": id(5).to_string(), "unit": "backup",
            "kind": "task", "instance": 0, "state": "running", "outcome": null, "message": null,
        });
        ui.hear(Message::Event(serde_json::from_value(event).unwrap()));
    }
    let asked = ui.taken();
    assert_eq!(asked.len(), 2, "{asked:?}");
    ui.answer_all();
}

#[test]
fn what_is_late_for_another_list_or_log_is_passed_over() {
    let mut ui = Ui::open(120, 40);
    ui.press("A");
    let late = ui.taken();
    ui.press("f j enter");
    for effect in late {
        if let Effect::Ask(query) = effect {
            let runs = crate::wire::Runs {
                runs: vec![run(77, "web", "succeeded")],
                ..Default::default()
            };
            let answer = crate::tui::message::Answer::Runs { runs, next: None };
            ui.hear(Message::Answer(query, Ok(answer)));
        }
    }
    assert!(ui.app.runs.runs.is_empty());
    ui.hear(Message::Lines(999, lines(1..=3)));
    assert!(ui.app.log.is_none());
}

#[test]
fn a_reload_shows_first_what_it_would_change() {
    let mut ui = Ui::open(120, 40);
    ui.press("R");
    ui.answer_all();
    assert!(matches!(ui.app.dialog, Some(Dialog::Plan(_))));
    assert_eq!(orders(ui.taken()), []);
    ui.press("enter");
    assert_eq!(orders(ui.taken()), [Act::Reload]);
}

#[test]
fn quitting_asks_only_when_the_daemon_is_this_one_s() {
    let mut ui = Ui::open(120, 40);
    ui.press("q");
    assert_eq!(ui.taken(), [Effect::Quit]);
    ui.app.setting.own_daemon = true;
    ui.press("q esc");
    assert_eq!(ui.taken(), []);
    ui.press("q enter");
    assert_eq!(
        (ui.taken(), ui.app.stop_daemon),
        (vec![Effect::Quit], false)
    );
    ui.press("q down enter");
    assert_eq!((ui.taken(), ui.app.stop_daemon), (vec![Effect::Quit], true));
}

#[test]
fn the_mouse_chooses_opens_and_scrolls() {
    let mut ui = Ui::open(120, 40);
    // Rows of the sidebar: four pages, a heading, deploy, a heading, worker.
    ui.click(3, 8);
    assert_eq!((&ui.app.page, ui.app.focus), (&unit("worker"), Focus::Side));
    ui.click(3, 8);
    assert_eq!(ui.app.focus, Focus::Main);
    ui.click(3, 2);
    ui.answer_all();
    assert_eq!(ui.app.page, Page::Runs);
    ui.click(60, 6);
    assert_eq!(ui.app.runs.at, 3);
    ui.mouse(MouseEventKind::ScrollDown, 60, 6);
    assert_eq!(ui.app.runs.at, 6);
    ui.mouse(MouseEventKind::ScrollUp, 3, 3);
    assert_eq!(ui.app.page, Page::Home);
    ui.click(500, 500);
}

#[test]
fn every_key_everywhere_on_every_size_does_no_harm() {
    let keys: Vec<char> = ('!'..='~').collect();
    for (width, height) in [(120, 40), (40, 10), (300, 5), (1, 1)] {
        for page in [
            "j",
            "j j",
            "j j j",
            "/ \"backup\" enter",
            "/ \"web\" enter tab",
            "A enter enter",
        ] {
            for key in &keys {
                let mut ui = Ui::open(width, height);
                ui.press(page);
                ui.answer_all();
                ui.press(&key.to_string());
                ui.answer_all();
                ui.press("up down enter esc pgup");
                ui.answer_all();
            }
        }
    }
}

//! Far sides that are strange, slow or many, through the whole of the daemon: each costs its own messages some time, and
//! nobody else anything.

use std::fmt::Write;

use runwisp_tests::Place;
use runwisp_tests::servers::{Gate, HttpServer, Reply, Telegram};

use crate::notifications::{config, deliveries, outcomes, wait_deliveries};

#[test]
fn telegram_is_told_and_its_end_answers_the_failure() {
    let telegram = Telegram::new();
    let text = format!(
        "[notifiers.tg]\ntype = \"telegram\"\nbot_token = \"{}\"\nchat_id = 42\napi_url = \"{}\"\n\
         [tasks.flip]\nrun = \"echo '<none> & \\\"some\\\"'; test -e fine\"\nnotify_on_failure = [\"tg\"]\n",
        telegram.token(),
        telegram.url("")
    );
    let place = Place::new(&text);
    let daemon = place.start();
    telegram.next(Telegram::too_many(1));
    place.trigger("flip");
    let told = wait_deliveries(&daemon, "delivered", 1);
    assert_eq!(outcomes(&told[0]), ["failed", "delivered"]);
    std::fs::write(place.path("fine"), "").unwrap();
    place.trigger("flip");
    wait_deliveries(&daemon, "delivered", 2);
    let sent = telegram.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].text.contains("<none> & \"some\""), "{:?}", sent[0]);
    assert_eq!(sent[1].answers, Some(sent[0].message_id));
}

#[test]
fn an_answer_of_ten_megabytes_is_not_read_to_its_end_and_the_next_message_is_sent() {
    let server = HttpServer::new();
    server.next(Reply::new(200).body(vec![b'x'; 10 << 20]));
    let place = Place::new(&config(&server, ""));
    let daemon = place.start();
    place.trigger("bad");
    // The far side has had its document, and would get it again with every try.
    let told = wait_deliveries(&daemon, "rejected", 1);
    assert_eq!(outcomes(&told[0]), ["rejected"]);
    let why = told[0]["attempts"][0]["message"].as_str().unwrap();
    assert_eq!(why, "the answer is larger than 1048576 bytes");
    place.trigger("flip");
    wait_deliveries(&daemon, "delivered", 1);
}

#[test]
fn an_answer_that_comes_a_byte_a_second_costs_its_time_limit_and_nobody_else() {
    let (server, slow) = (HttpServer::new(), HttpServer::new());
    slow.next(Reply::new(200).body(vec![b'x'; 1000]).dripping());
    let mut text = config(&server, "");
    let _ = write!(
        text,
        "[notifiers.slow]\ntype = \"webhook\"\nurl = \"{}\"\n[[route]]\nnotifiers = [\"slow\"]\n",
        slow.url("/")
    );
    let place = Place::new(&text);
    let daemon = place.start();
    place.trigger("bad");
    server.wait_requests(1);
    let others = deliveries(&daemon, &["--notifier", "slow", "--state", "delivered"]);
    assert_eq!(others.len(), 0, "the slow one is not done yet");
    let told = daemon.wait("the slow one to be told as well", |_| {
        let told = deliveries(&daemon, &["--notifier", "slow", "--state", "delivered"]);
        (!told.is_empty()).then_some(told)
    });
    assert_eq!(outcomes(&told[0]), ["failed", "delivered"]);
    let why = told[0]["attempts"][0]["message"].as_str().unwrap();
    assert!(why.contains("15000 ms"), "{why}");
}

#[test]
fn two_that_hang_do_not_delay_a_third_of_their_type() {
    let (gate, fine) = (Gate::new(), HttpServer::new());
    let hang: Vec<HttpServer> = (0..2).map(|_| HttpServer::new()).collect();
    let mut text = config(&fine, "");
    let mut more = String::new();
    for (n, server) in hang.iter().enumerate() {
        let _ = write!(
            more,
            "[notifiers.hangs{n}]\ntype = \"webhook\"\nurl = \"{}\"\n[[route]]\nnotifiers = [\"hangs{n}\"]\n",
            server.url("/")
        );
    }
    for n in 0..12 {
        let _ = write!(more, "[tasks.t{n}]\nrun = \"exit 3\"\n");
    }
    text += &more;
    let place = Place::new(&text);
    let daemon = place.start();
    // They have taken one, so that they are given several.
    place.trigger("bad");
    wait_deliveries(&daemon, "delivered", 3);
    for server in &hang {
        server.next_times(100, Reply::new(200).after(&gate));
    }
    place.trigger("t*");
    for server in &hang {
        server.wait_requests(1 + 4);
    }
    fine.wait_requests(1 + 12);
    let late = daemon.wait("the third to be told of all", |_| {
        let told = deliveries(&daemon, &["--notifier", "hook", "--state", "delivered"]);
        let hanging = deliveries(&daemon, &["--state", "sending"]);
        (told.len() == 13).then_some(hanging)
    });
    assert_eq!(late.len(), 8, "nobody has let go of those that hang");
    gate.open();
}

#[test]
fn a_thousand_failures_are_few_messages_with_right_counts() {
    let server = HttpServer::new();
    let mut text = config(&server, "coalesce_limit = 250");
    text += "[defaults]\nkeep_runs = 100000\n[services.broken]\nrun = [\"false\"]\nrestart_delay = \"0s\"\n\
             start_retries = 1000000\nautostart = false\n";
    let place = Place::new(&text);
    let daemon = place.start();
    place.cli(&["start", "broken", "--no-wait"]).ok();
    daemon.wait("a thousand failures", |status| {
        let restarts = status.instance("broken", 0)["restarts"].as_u64();
        (restarts >= Some(1000)).then_some(())
    });
    place.cli(&["stop", "broken"]).ok();
    let failed = daemon
        .runs(&["--unit", "broken", "--outcome", "failed"])
        .len();
    assert!(failed >= 1000, "{failed}");
    // What is folded goes out when anything about notifications changes.
    place.write_config(&text.replace("coalesce_limit = 250", "coalesce_limit = 251"));
    place.cli(&["reload"]).ok();
    let told = daemon.wait("every failure to be told of", |_| {
        let told = deliveries(&daemon, &["--kind", "run.failed", "--state", "delivered"]);
        let folded = told.iter().filter_map(|one| one["folded"].as_u64());
        let counted = folded.map(|folded| folded + 1).sum::<u64>();
        (counted >= failed as u64).then_some((counted, told.len()))
    });
    assert_eq!(told.0, failed as u64, "told of, failed");
    assert!(told.1 <= 2 + failed / 250, "{} messages", told.1);
    assert_eq!(server.requests().len(), told.1);
}

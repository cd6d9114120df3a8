//! What a message says, for each kind of event and at each limit.

use super::*;
use crate::sample::sample;
use proptest::prelude::*;

fn plain(event: &Event, text: Option<&str>, limit: usize) -> String {
    let context = Context {
        text: text.map(String::from),
        ..Context::default()
    };
    Message::new(event, &context).plain(limit)
}

#[test]
fn a_failure_says_what_where_when_and_what_the_program_said_last() {
    assert_eq!(
        plain(&sample("run.failed"), None, 4000),
        "🔴 backup failed\n\
         The task backup failed after 1m3s: exited 2. It has failed 3 times in a row.\n\
         started by: schedule\n\
         \n\
         dumping database site\n\
         zstd: /backup/site.zst: No space left on device <disk full & \"done\">\n\
         \n\
         https://ops.example.com/runs/01JRUN\n\
         web-1 · 2026-11-24 13:32:22 CET"
    );
}

#[test]
fn a_recovery_says_how_long_it_was_broken() {
    let text = plain(&sample("run.recovered"), None, 4000);
    assert!(text.starts_with("🟢 backup is well again\n"), "{text}");
    assert!(
        text.contains("It was not for 2h5m, with 3 failures."),
        "{text}"
    );
}

#[test]
fn folded_events_are_counted_with_the_one_that_is_told() {
    let mut event = sample("run.failed");
    event.folded = 3;
    assert!(plain(&event, None, 4000).starts_with("🔴 backup failed ×4\n"));
    event.title = "x".repeat(400);
    let context = Context::default();
    let title = Message::new(&event, &context).title();
    assert_eq!(title.chars().count(), 150);
    assert!(title.ends_with("… ×4"), "{title}");
}

#[test]
fn the_text_of_a_route_stands_for_title_sentence_and_tail() {
    assert_eq!(
        plain(&sample("run.failed"), Some("look at the backup\nnow"), 4000),
        "🔴 look at the backup\nnow\n\nhttps://ops.example.com/runs/01JRUN\nweb-1 · 2026-11-24 13:32:22 CET"
    );
}

#[test]
fn a_template_with_a_name_that_is_not_there_is_found_out() {
    use crate::testing::Host;
    use crate::{Descriptor, Failure, Notifier, Receipt};
    struct Templated;
    impl Notifier for Templated {
        type Settings = String;
        fn describe() -> Descriptor {
            Descriptor::new("templated", "1.0.0", "Tests").needs_template()
        }
        fn check(text: &String) -> Vec<Finding> {
            check_template("/text", Some(text)).into_iter().collect()
        }
        fn deliver(text: &String, event: &Event, context: &Context) -> Result<Receipt, Failure> {
            let message = Message::new(event, context);
            let text = message.filled(Some(text), Escaping::Html);
            Ok(Receipt::with_reference(text.unwrap_or_default()))
        }
    }
    let host = Host::new();
    let good = r#""{{ mark }} {{ unit.name }} {{ run.exit_code }} {{ cause }} {{ output }}""#;
    assert_eq!(host.check::<Templated>(good), []);
    let wrong = host.check::<Templated>(r#""{{ titel }}""#);
    assert_eq!(wrong[0].pointer, "/text");
    assert_eq!(host.check::<Templated>(r#""{% if %}""#).len(), 1);
    let told = host
        .deliver::<Templated>(good, &sample("run.failed"))
        .unwrap();
    let text = told.reference.unwrap();
    assert!(text.starts_with("🔴 backup 2 exited 2 "), "{text}");
    assert!(
        text.contains("&lt;disk full &amp; &quot;done&quot;&gt;"),
        "{text}"
    );
    let fallen = host.deliver::<Templated>(r#""{{ titel }}""#, &sample("run.failed"));
    assert_eq!(fallen.unwrap().reference.as_deref(), Some(""));
    assert!(host.logged()[0].starts_with("a template failed"));
}

proptest! {
    #[test]
    fn no_message_is_longer_than_its_limit(limit in 0usize..600, text in proptest::option::of("[a-zé🟢\n ]{0,400}")) {
        for event in [sample("run.failed"), sample("run.recovered")] {
            prop_assert!(plain(&event, text.as_deref(), limit).chars().count() <= limit);
        }
    }
}

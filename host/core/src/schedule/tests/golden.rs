//! Another program's answers: `goldens.txt`, made by `goldens.py`.

use jiff::Timestamp;

use super::super::{Standing, preview};
use super::schedule;

#[test]
fn cronsim_agrees() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in include_str!("goldens.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        cases += 1;
        let [text, zone, start, firings] = line
            .split(" | ")
            .collect::<Vec<_>>()
            .try_into()
            .expect("a line has four parts");
        let from = Timestamp::from_second(start.parse().unwrap()).unwrap();
        let expected: Vec<i64> = firings.split(' ').map(|at| at.parse().unwrap()).collect();
        let shown = preview(
            &[schedule(text, zone)],
            Standing::begun(from),
            from,
            expected.len(),
        );
        let shown: Vec<i64> = shown.iter().map(|firing| firing.at.as_second()).collect();
        if shown != expected {
            wrong.push(format!("{line}\n  ours: {shown:?}"));
        }
    }
    assert!(cases >= 500, "only {cases} cases");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

//! Texts that nobody would write: whatever they are, the importer ends, does not panic, and says nothing that the host
//! would refuse. And one that is only long.

use proptest::prelude::*;
use runwisp_plugin::testing::Host;
use runwisp_supervisord::Supervisord;

/// Pieces of configurations, whole and broken.
const PIECES: &[&str] = &[
    "[supervisord]\n",
    "[program:a]\n",
    "[program:b",
    "[group:g]\nprograms=a,b\n",
    "[eventlistener:l]\nevents=TICK_60\ncommand=memmon -p a=1MB\n",
    "[include]\nfiles=*.conf /etc/*.conf\n",
    "[DEFAULT]\n",
    "command=/bin/x",
    "command=%(process_num)02d %(x)s",
    "numprocs=3\n",
    "numprocs=99999999999999999999\n",
    "numprocs_start=9223372036854775807\n",
    "process_name=%(process_num)d\n",
    "environment=A=\"%(ENV_A)s\",B='",
    "environment=A%(process_num)d=1\n",
    "%(process_num)99999s",
    "%(here)s",
    "\n  ",
    " ;",
    " #",
    "=",
    ":",
    "%",
    "'",
    "\"",
    "\\",
    "\n",
    "\r",
    "\t",
    "\u{feff}",
    "\0",
    "é",
    "\u{85}",
    "stopsignal=9\n",
    "autorestart=false\n",
    "umask=777777\n",
    "stopwaitsecs=-99999999999999999999\n",
    "directory=~\n",
    "user=a:b\n",
    "stdout_logfile=%(x)s\n",
    "[",
    "]",
];

/// What the host would find fault with is asserted by the host itself.
fn convert(text: &[u8]) {
    let result = Host::new().convert_text::<Supervisord>(text, r#"{"env": {"A": "a b,'c"}}"#);
    if let Err(errors) = result {
        assert!(!errors.is_empty(), "refused without a reason: {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        convert(&text);
    }

    #[test]
    fn broken_configurations(picks in proptest::collection::vec(0..PIECES.len(), 0..40), cut in 0.0..1.0f64) {
        let text: String = picks.iter().map(|pick| PIECES[*pick]).collect();
        convert(text.as_bytes());
        let end = (text.len() as f64 * cut) as usize;
        convert(&text.as_bytes()[..end]);
    }
}

/// Ten thousand programs become ten thousand services, and every section has its row.
#[test]
fn ten_thousand_programs() {
    let mut text = String::from("[supervisord]\nenvironment=A=\"1\"\n");
    for number in 0..10_000 {
        text.push_str(&format!(
            "[program:p{number}]\ncommand=/usr/bin/app --id {number} --flag \"two words\"\ndirectory=/srv/app\nuser=www\nautorestart=true\nstdout_logfile=/var/log/%(program_name)s.log\nenvironment=B=\"%(program_name)s\",C=\"x\"\n",
        ));
    }
    let conversion = Host::new().convert_text::<Supervisord>(text, "{}").unwrap();
    assert_eq!(conversion.definitions.len(), 10_000);
    assert_eq!(conversion.report.len(), 10_001);
}

/// What is not UTF-8 is refused with its line.
#[test]
fn a_text_that_is_not_utf8_is_refused() {
    let errors = Host::new()
        .convert_text::<Supervisord>(&b"[supervisord]\n; \xff\n"[..], "{}")
        .unwrap_err();
    assert_eq!(
        (errors[0].code.as_str(), errors[0].source.line),
        ("not-utf8", 2)
    );
}

//! The macros that make a component of a type, and the calls behind them, which tests take as well.
//!
//! Invariant: a plugin's own code is never called with settings that do not fit its type.

use crate::{
    Context, Conversion, Event, Failure, Finding, Importer, Note, Notifier, Place, Receipt, Source,
    Weight, settings,
};

/// Exports a type that implements [`Notifier`] as the notifier of this component.
#[macro_export]
macro_rules! notifier {
    ($plugin:ty) => {
        // Natively there is nobody to export to, and no linker that takes these names.
        const _: fn() = || {
            fn is_notifier<T: $crate::Notifier>() {}
            is_notifier::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Exported;
            impl $crate::wit::notifier::exports::runwisp::plugin::notifier_api::Guest for Exported {
                fn describe() -> $crate::Descriptor {
                    <$plugin as $crate::Notifier>::describe()
                }
                fn check(settings: String) -> Vec<$crate::Finding> {
                    $crate::export::check::<$plugin>(&settings)
                }
                fn check_target(settings: String, target: String) -> Result<(), String> {
                    $crate::export::check_target::<$plugin>(&settings, &target)
                }
                fn deliver(
                    settings: String,
                    event: $crate::Event,
                    context: $crate::Context,
                ) -> Result<$crate::Receipt, $crate::Failure> {
                    $crate::export::deliver::<$plugin>(&settings, &event, &context)
                }
            }
            $crate::wit::notifier::export_notifier_world!(Exported with_types_in $crate::wit::notifier);
        };
    };
}

/// Exports a type that implements [`Importer`] as the importer of this component.
#[macro_export]
macro_rules! importer {
    ($plugin:ty) => {
        // Natively there is nobody to export to, and no linker that takes these names.
        const _: fn() = || {
            fn is_importer<T: $crate::Importer>() {}
            is_importer::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Exported;
            impl $crate::wit::importer::exports::runwisp::plugin::importer_api::Guest for Exported {
                fn describe() -> $crate::Descriptor {
                    <$plugin as $crate::Importer>::describe()
                }
                fn probe(path: Option<String>, head: Vec<u8>) -> u8 {
                    <$plugin as $crate::Importer>::probe(path.as_deref(), &head)
                }
                fn convert(
                    sources: Vec<$crate::Source>,
                    options: String,
                ) -> Result<$crate::Conversion, Vec<$crate::Note>> {
                    $crate::export::convert::<$plugin>(&sources, &options)
                }
            }
            $crate::wit::importer::export_importer_world!(Exported with_types_in $crate::wit::importer);
        };
    };
}

/// All that is wrong with settings, as text.
pub fn check<N: Notifier>(text: &str) -> Vec<Finding> {
    match settings::parse::<N::Settings>(text) {
        Ok(settings) => N::check(&settings),
        Err(findings) => findings,
    }
}

/// What is wrong with a target.
pub fn check_target<N: Notifier>(text: &str, target: &str) -> Result<(), String> {
    let settings = settings::parse::<N::Settings>(text)
        .map_err(|findings| settings::in_one_line(&findings))?;
    N::check_target(&settings, target)
}

/// One delivery.
pub fn deliver<N: Notifier>(
    text: &str,
    event: &Event,
    context: &Context,
) -> Result<Receipt, Failure> {
    let settings = settings::parse::<N::Settings>(text)
        .map_err(|findings| Failure::Config(settings::in_one_line(&findings)))?;
    N::deliver(&settings, event, context)
}

/// One conversion. Options that do not fit are notes with the code `bad-option`.
pub fn convert<I: Importer>(sources: &[Source], options: &str) -> Result<Conversion, Vec<Note>> {
    let options = settings::parse::<I::Options>(options).map_err(|findings| {
        let note = |finding: Finding| Note {
            code: "bad-option".into(),
            weight: Weight::Blocking,
            message: settings::in_one_line(std::slice::from_ref(&finding)),
            source: Place {
                file: None,
                line: 1,
            },
        };
        findings.into_iter().map(note).collect::<Vec<_>>()
    })?;
    I::convert(sources, &options)
}

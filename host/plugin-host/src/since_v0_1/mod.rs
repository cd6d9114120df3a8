//! Interface version 0.1: its bindings, made from `wit/v0.1`, and the calls into a plugin that speaks it.
//!
//! Invariant: nothing here decides; limits, grants and loading are the same for every version. The next version gets
//! a module beside this one, and this one then translates into its words.

pub(crate) mod notifier {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "notifier",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
    });
}

pub(crate) mod importer {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "importer",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
        with: {
            "runwisp:plugin/types": super::notifier::runwisp::plugin::types,
            "runwisp:plugin/log": super::notifier::runwisp::plugin::log,
        },
    });
}

use wasmtime::component::{HasSelf, InstancePre, Linker};
use wasmtime::{Result, Store};

use crate::call::PluginKind;
use crate::call::state::State;
use crate::words::{
    Context, Conversion, Descriptor, Event, Failure, Finding, Note, Receipt, Source,
};

/// Offers the host's interfaces of this version.
pub(crate) fn link(linker: &mut Linker<State>) -> Result<()> {
    use importer::runwisp::plugin::files;
    use notifier::runwisp::plugin::{http, log, mail, template};
    log::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    http::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    mail::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    template::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    files::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

/// A plugin of this version, ready to be instantiated.
pub(crate) enum Ready {
    Notifier(notifier::NotifierPre<State>),
    Importer(importer::ImporterPre<State>),
}

impl Ready {
    pub(crate) fn new(kind: PluginKind, linked: InstancePre<State>) -> Result<Ready> {
        Ok(match kind {
            PluginKind::Notifier => Ready::Notifier(notifier::NotifierPre::new(linked)?),
            PluginKind::Importer => Ready::Importer(importer::ImporterPre::new(linked)?),
        })
    }

    pub(crate) async fn describe(&self, store: &mut Store<State>) -> Result<Descriptor> {
        match self {
            Ready::Notifier(pre) => {
                let plugin = pre.instantiate_async(&mut *store).await?;
                plugin
                    .runwisp_plugin_notifier_api()
                    .call_describe(store)
                    .await
            }
            Ready::Importer(pre) => {
                let plugin = pre.instantiate_async(&mut *store).await?;
                plugin
                    .runwisp_plugin_importer_api()
                    .call_describe(store)
                    .await
            }
        }
    }

    pub(crate) async fn check(
        &self,
        store: &mut Store<State>,
        settings: &str,
    ) -> Result<Vec<Finding>> {
        let plugin = self.notifier(store).await?;
        plugin
            .runwisp_plugin_notifier_api()
            .call_check(store, settings)
            .await
    }

    pub(crate) async fn check_target(
        &self,
        store: &mut Store<State>,
        settings: &str,
        target: &str,
    ) -> Result<std::result::Result<(), String>> {
        let plugin = self.notifier(store).await?;
        let api = plugin.runwisp_plugin_notifier_api();
        api.call_check_target(store, settings, target).await
    }

    pub(crate) async fn deliver(
        &self,
        store: &mut Store<State>,
        settings: &str,
        event: &Event,
        context: &Context,
    ) -> Result<std::result::Result<Receipt, Failure>> {
        let plugin = self.notifier(store).await?;
        plugin
            .runwisp_plugin_notifier_api()
            .call_deliver(store, settings, event, context)
            .await
    }

    pub(crate) async fn probe(
        &self,
        store: &mut Store<State>,
        path: Option<&str>,
        head: &[u8],
    ) -> Result<u8> {
        let plugin = self.importer(store).await?;
        plugin
            .runwisp_plugin_importer_api()
            .call_probe(store, path, head)
            .await
    }

    pub(crate) async fn convert(
        &self,
        store: &mut Store<State>,
        sources: &[Source],
        options: &str,
    ) -> Result<std::result::Result<Conversion, Vec<Note>>> {
        let plugin = self.importer(store).await?;
        plugin
            .runwisp_plugin_importer_api()
            .call_convert(store, sources, options)
            .await
    }

    async fn notifier(&self, store: &mut Store<State>) -> Result<notifier::Notifier> {
        match self {
            Ready::Notifier(pre) => pre.instantiate_async(store).await,
            Ready::Importer(_) => Err(wasmtime::Error::msg("an importer has no such call")),
        }
    }

    async fn importer(&self, store: &mut Store<State>) -> Result<importer::Importer> {
        match self {
            Ready::Importer(pre) => pre.instantiate_async(store).await,
            Ready::Notifier(_) => Err(wasmtime::Error::msg("a notifier has no such call")),
        }
    }
}

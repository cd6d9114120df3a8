//! `runwisp notify test`: a sample, sent at once and once, past routes, quiet hours and the outbox.
//!
//! It is a delivery like any other in the history, so that `runwisp deliveries` shows it.
//!
//! Tests: `tests/e2e/notifications.rs`.

use runwisp_core::words::notice::Delivery;

use super::clock;
use super::handle::Reply;
use super::main_loop::{Back, MainLoop};
use crate::notify::{Sample, SampleRefusal, Told, sample};
use crate::store::Write;

/// A sample that has been sent.
pub(crate) struct Tested {
    delivery: Delivery,
    told: Told,
    reply: Reply<Result<Box<Sample>, SampleRefusal>>,
}

impl MainLoop {
    /// Sends a sample; the answer comes when the far side's has.
    pub(crate) fn test_notifier(
        &mut self,
        target: &str,
        kind: Option<&str>,
        reply: Reply<Result<Box<Sample>, SampleRefusal>>,
    ) {
        let now = clock::now().wall;
        let delivery = match sample::delivery(target, kind, now) {
            Ok(delivery) => delivery,
            Err(refusal) => {
                let _ = reply.send(Err(refusal));
                return;
            }
        };
        let notifiers = &self.fleet.plan().notify.notifiers;
        let Some(plan) = notifiers.get(&delivery.notifier).cloned() else {
            let _ = reply.send(Err(SampleRefusal::NoNotifier {
                id: delivery.notifier,
                known: notifiers.keys().cloned().collect(),
            }));
            return;
        };
        let (telling, back) = (self.messages.telling.clone(), self.back.clone());
        tokio::spawn(async move {
            let told = telling.tell(&plan, &delivery).await;
            let _ = back.send(Back::Tested(Box::new(Tested {
                delivery,
                told,
                reply,
            })));
        });
    }

    pub(crate) fn handle_tested(&mut self, tested: Tested) {
        let Tested {
            delivery,
            told,
            reply,
        } = tested;
        let (took, suspended) = (told.exchange.wall, told.suspended.is_some());
        let notifier = Some(delivery.notifier.as_str());
        self.count_call(notifier, &told.answer, took, suspended);
        let delivery = sample::ended(delivery, &told.answer, clock::now().wall);
        self.journal.write(Write::Delivery {
            delivery: Box::new(delivery.clone()),
            confirm: false,
        });
        self.journal.flush();
        self.plugins_were_used();
        let _ = reply.send(Ok(Box::new(Sample {
            delivery,
            exchange: told.exchange,
        })));
    }
}

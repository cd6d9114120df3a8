//! The order between units: who starts first, who waits for whom, who stops last.
//!
//! A service has a *rank*: its priority, or that of a service that depends on it if that is lower, for what is needed
//! has to be there first. Starting goes by rank, then by how deep a service stands on others, then by name; tasks come last. Nothing
//! waits for a lower rank, only for what it depends on. Stopping goes the other way, and there it is waited for: a
//! service stops when nothing of a higher rank and nothing that depends on it is left. Because of how ranks are made,
//! dependencies and priorities never contradict each other.
//!
//! Invariant: a circle of dependencies, which the configuration refuses, does no harm here: ranks and depths come to
//! rest after as many rounds as there are services.

use std::collections::BTreeMap;

use crate::config::plan::{Plan, Role, Service, Unit};
use crate::words::ids::UnitName;

/// The order of one plan. Units are named by their slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// Every unit in the order of starting.
    pub(crate) sequence: Vec<usize>,
    ranks: BTreeMap<usize, i32>,
    needs: BTreeMap<usize, Vec<usize>>,
    needed_by: BTreeMap<usize, Vec<usize>>,
}

impl Order {
    pub(crate) fn of(plan: &Plan, names: &BTreeMap<UnitName, usize>) -> Order {
        let mut order = Order::default();
        let mut services = Vec::new();
        for unit in plan.units.values() {
            let Some(slot) = names.get(&unit.name).copied() else {
                continue;
            };
            let Some(service) = service(unit) else {
                continue;
            };
            services.push(slot);
            order.ranks.insert(slot, service.priority);
            for need in service.depends_on.iter().filter_map(|name| names.get(name)) {
                order.needs.entry(slot).or_default().push(*need);
                order.needed_by.entry(*need).or_default().push(slot);
            }
        }
        order.lower_ranks(&services);
        let depths = order.depths(&services);
        let mut keyed: Vec<_> = plan
            .units
            .keys()
            .filter_map(|name| Some((name, *names.get(name)?)))
            .map(|(name, slot)| {
                let depth = depths.get(&slot).copied().unwrap_or(0);
                (order.rank(slot), depth, name, slot)
            })
            .collect();
        keyed.sort();
        order.sequence = keyed.into_iter().map(|(_, _, _, slot)| slot).collect();
        order
    }

    /// The rank of a service; tasks have the highest.
    pub(crate) fn rank(&self, slot: usize) -> i32 {
        self.ranks.get(&slot).copied().unwrap_or(i32::MAX)
    }

    /// What it depends on, as far as that is defined.
    pub(crate) fn needs(&self, slot: usize) -> &[usize] {
        self.needs.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// What depends on it.
    pub(crate) fn needed_by(&self, slot: usize) -> &[usize] {
        self.needed_by.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// Hands ranks down from dependents to what they depend on, until nothing changes.
    fn lower_ranks(&mut self, services: &[usize]) {
        let mut open: Vec<usize> = services.to_vec();
        while let Some(slot) = open.pop() {
            let rank = self.rank(slot);
            for need in self.needs.get(&slot).into_iter().flatten() {
                match self.ranks.get_mut(need) {
                    Some(lower) if *lower > rank => {
                        *lower = rank;
                        open.push(*need);
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    /// The length of the longest chain of dependencies below each service.
    fn depths(&self, services: &[usize]) -> BTreeMap<usize, usize> {
        let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open: Vec<usize> = services.to_vec();
        while let Some(slot) = open.pop() {
            let depth = depths.get(&slot).copied().unwrap_or(0) + 1;
            if depth > services.len() {
                continue;
            }
            for above in self.needed_by(slot) {
                let known = depths.entry(*above).or_insert(0);
                if *known < depth {
                    *known = depth;
                    open.push(*above);
                }
            }
        }
        depths
    }
}

fn service(unit: &Unit) -> Option<&Service> {
    match &unit.role {
        Role::Service(service) => Some(service),
        Role::Task(_) => None,
    }
}

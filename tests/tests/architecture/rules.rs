//! The rules that the modules of a crate follow.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Modules, is_within, join};

/// The order of the rooms in a folder: each may only use those before it.
#[derive(Debug, PartialEq)]
pub struct Order {
    /// Source folder of the crate, such as `core/src`.
    pub krate: String,
    /// The module that contains the rooms; empty for the crate's root.
    pub within: String,
    pub rooms: Vec<String>,
}

/// Reads the blocks marked `rooms`: a line `core/src/dataset: a b` begins an order, and indented lines continue it. A
/// `·` separates groups for the reader.
pub fn orders(markdown: &str) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for block in markdown.split("```rooms\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            let rooms = match line.split_once(':') {
                Some((folder, rooms)) => {
                    let (krate, within) = folder.split_once("/src").unwrap_or((folder, ""));
                    orders.push(Order {
                        krate: format!("{krate}/src"),
                        within: within.trim_start_matches('/').replace('/', "::"),
                        rooms: Vec::new(),
                    });
                    rooms
                }
                None => line,
            };
            if let Some(order) = orders.last_mut() {
                order.rooms.extend(rooms.split_whitespace().filter(|word| *word != "·").map(str::to_owned));
            }
        }
    }
    orders
}

/// Arrows that violate an order, and rooms that are missing from it.
pub fn against_order(order: &Order, modules: &Modules) -> Vec<String> {
    let room = |module: &str| -> Option<String> {
        let inner = if order.within.is_empty() {
            module
        } else {
            module.strip_prefix(order.within.as_str())?.strip_prefix("::")?
        };
        inner.split("::").next().filter(|name| !name.is_empty()).map(str::to_owned)
    };
    let mut wrong = BTreeSet::new();
    let place = |name: &str| order.rooms.iter().position(|room| room == name);
    for (module, _) in modules.iter() {
        if let Some(name) = room(module).filter(|name| place(name).is_none()) {
            wrong.insert(format!("{} is not in the order of the rooms", join(&order.within, &name)));
        }
    }
    for (from, to) in modules.arrows() {
        if let (Some(user), Some(used)) = (room(&from), room(&to))
            && user != used
            && let (Some(later), Some(earlier)) = (place(&user), place(&used))
            && earlier > later
        {
            wrong.insert(format!("{from} uses {to}"));
        }
        // A room that uses items of the enclosing file depends on all its siblings.
        if to == order.within && is_within(&from, &order.within) && !to.is_empty() {
            wrong.insert(format!("{from} uses {to}, which is around it"));
        }
    }
    wrong.into_iter().collect()
}

/// Circles of files. A submodule may use what its enclosing module defines: a file and its submodules count as one.
pub fn circles(modules: &Modules) -> Vec<String> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (from, to) in modules.arrows() {
        if to.is_empty() || !is_within(&from, &to) {
            uses.entry(from).or_default().push(to);
        }
    }
    let mut circles = BTreeSet::new();
    for start in uses.keys() {
        if let Some(mut circle) = shortest_way(&uses, start) {
            let first = circle.iter().enumerate().min_by_key(|(_, name)| *name).map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            circles.insert(circle.join(" -> "));
        }
    }
    circles.into_iter().collect()
}

/// The shortest way from a module back to itself.
fn shortest_way(uses: &BTreeMap<String, Vec<String>>, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut border = vec![start];
    while !border.is_empty() {
        let mut next = Vec::new();
        for &at in &border {
            for to in uses.get(at).into_iter().flatten() {
                if to == start {
                    let mut way = vec![at.to_owned()];
                    let mut back = at;
                    while let Some(&before) = came_from.get(back) {
                        way.push(before.to_owned());
                        back = before;
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(to.as_str()) {
                    came_from.insert(to, at);
                    next.push(to.as_str());
                }
            }
        }
        border = next;
    }
    None
}

/// Modules that use one of these names.
pub fn uses_of(names: &[&str], modules: &Modules) -> Vec<String> {
    let pairs = modules.iter().flat_map(|(module, source)| names.iter().map(move |name| (module, source, name)));
    let found = pairs.filter(|(_, source, name)| source.names(name));
    found.map(|(module, _, name)| format!("{module} names {name}")).collect()
}

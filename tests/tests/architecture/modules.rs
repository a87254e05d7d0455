//! The modules of a crate, and the dependencies between its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::source::Source;

/// The files of a crate; a module is written `dataset::collect`, and the root is empty.
pub struct Modules {
    sources: BTreeMap<String, Source>,
}

impl Modules {
    /// Reads every file below `folder`.
    pub fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        collect_files(folder, "", &mut files);
        Self::new(files)
    }

    /// `files` are paths below the source folder, with `/`, and their text.
    pub fn new(files: Vec<(String, String)>) -> Self {
        let named = files.into_iter().map(|(path, text)| (module_of(&path), Source::new(&text)));
        let mut sources: BTreeMap<String, Source> = named.collect();
        let tests: Vec<String> = sources
            .iter()
            .flat_map(|(module, source)| source.test_modules.iter().map(|name| join(module, name)))
            .collect();
        sources.retain(|module, _| !tests.iter().any(|test| is_within(module, test)));
        Self { sources }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(module, source)| (module.as_str(), source))
    }

    /// Dependencies between modules, with re-exports followed to the module that defines the item.
    pub fn arrows(&self) -> BTreeSet<(String, String)> {
        let mut arrows = BTreeSet::new();
        for (module, source) in &self.sources {
            for path in source.paths(&self.children(module)) {
                let target = self.defining(self.absolute(module, &path), 0);
                if target != *module {
                    arrows.insert((module.clone(), target));
                }
            }
        }
        arrows
    }

    /// Modules declared in `module`'s own folder.
    fn children(&self, module: &str) -> Vec<String> {
        let inner = self.sources.keys().filter(|other| !other.is_empty() && parent(other) == module);
        inner.map(|other| other.rsplit("::").next().unwrap_or(other).to_owned()).collect()
    }

    /// Segments from the crate's root.
    fn absolute(&self, module: &str, path: &[String]) -> Vec<String> {
        let mut base: Vec<String> = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        for segment in path {
            match segment.as_str() {
                "crate" => base.clear(),
                "self" => {}
                "super" => _ = base.pop(),
                name => base.push(name.to_owned()),
            }
        }
        base
    }

    /// The module of an item: the longest prefix of its path that is a module, or the module that it is re-exported
    /// from.
    fn defining(&self, path: Vec<String>, depth: usize) -> String {
        let prefixes = (0..=path.len()).rev().map(|count| (count, path[..count].join("::")));
        let Some((count, module)) = prefixes.into_iter().find(|(_, prefix)| self.sources.contains_key(prefix)) else {
            return String::new();
        };
        let (Some(item), Some(source)) = (path.get(count), self.sources.get(&module)) else { return module };
        let children = self.children(&module);
        for (name, origin) in source.reexports() {
            let is_ours = origin
                .first()
                .is_some_and(|head| ["crate", "self", "super"].contains(&head.as_str()) || children.contains(head));
            if depth > 8 || !is_ours || !(name == *item || name == "*") {
                continue;
            }
            let mut target = self.absolute(&module, &origin);
            if name == "*" {
                target.push(item.clone());
                let found = self.defining(target, depth + 1);
                if self.sources.get(&found).is_some_and(|source| source.names(item)) {
                    return found;
                }
            } else {
                return self.defining(target, depth + 1);
            }
        }
        module
    }
}

/// The enclosing module; the root, which is empty, for a module directly below it.
fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

pub fn is_within(module: &str, room: &str) -> bool {
    room.is_empty() || module == room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
}

pub fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn module_of(path: &str) -> String {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" || path == "main" { String::new() } else { path.replace('/', "::") }
}

fn collect_files(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect_files(&path, &format!("{prefix}{name}/"), files);
        } else if name.ends_with(".rs") {
            files.push((format!("{prefix}{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
}

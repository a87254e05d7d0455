//! Many lists in one allocation.

/// Lists of any length, stored one after another.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    items: Vec<T>,
    /// Index in `items` at which each list ends.
    ends: Vec<u32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Lists<T> {
    pub(crate) fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.ends.push(self.items.len() as u32);
    }

    pub(crate) fn get(&self, index: usize) -> &[T] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.items[start..self.ends[index] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn for_each_mut(&mut self, mut visit: impl FnMut(&mut [T])) {
        let mut start = 0;
        for &end in &self.ends {
            visit(&mut self.items[start..end as usize]);
            start = end as usize;
        }
    }
}

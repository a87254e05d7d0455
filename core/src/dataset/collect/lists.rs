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

    pub(crate) fn get_mut(&mut self, index: usize) -> &mut [T] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &mut self.items[start..self.ends[index] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Removes the lists for which `keep` is false.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        let (mut start, mut kept_ends, mut len) = (0, Vec::new(), 0);
        let mut is_kept = Vec::with_capacity(self.items.len());
        for (row, &end) in self.ends.iter().enumerate() {
            let keeps = keep.get(row).copied().unwrap_or(true);
            is_kept.resize(end as usize, keeps);
            if keeps {
                len += end - start;
                kept_ends.push(len);
            }
            start = end;
        }
        let mut is_kept = is_kept.into_iter();
        self.items.retain(|_| is_kept.next().unwrap_or(true));
        self.ends = kept_ends;
    }

    pub(crate) fn for_each_mut(&mut self, mut visit: impl FnMut(&mut [T])) {
        let mut start = 0;
        for &end in &self.ends {
            visit(&mut self.items[start..end as usize]);
            start = end as usize;
        }
    }
}

//! A cache by text that forgets what was not used for longest, or for too long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::quick_hash::QuickHash;

#[derive(Debug)]
pub(crate) struct Lru<V> {
    entries: HashMap<Box<str>, Entry<V>, QuickHash>,
    capacity: usize,
    lifetime: Duration,
    swept: Instant,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    used: Instant,
}

impl<V> Lru<V> {
    /// It holds one value at least.
    pub(crate) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { entries: HashMap::default(), capacity: capacity.max(1), lifetime, swept: Instant::now() }
    }

    pub(crate) fn get(&mut self, text: &str, now: Instant) -> Option<&mut V> {
        self.sweep(now);
        let entry = self.entries.get_mut(text)?;
        entry.used = now;
        Some(&mut entry.value)
    }

    pub(crate) fn insert(&mut self, text: &str, value: V, now: Instant) -> &mut V {
        if !self.entries.contains_key(text) {
            self.make_room();
        }
        let entry = self.entries.entry(text.into()).insert_entry(Entry { value, used: now });
        &mut entry.into_mut().value
    }

    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    fn make_room(&mut self) {
        while self.entries.len() >= self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(text) = oldest.map(|(text, _)| text.clone()) else {
                return;
            };
            self.entries.remove(&text);
        }
    }

    /// Only now and then, because it looks at all of them.
    fn sweep(&mut self, now: Instant) {
        if now.duration_since(self.swept) < self.lifetime / 4 {
            return;
        }
        self.swept = now;
        let lifetime = self.lifetime;
        self.entries.retain(|_, entry| now.duration_since(entry.used) < lifetime);
    }
}

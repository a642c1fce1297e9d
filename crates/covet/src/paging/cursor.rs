//! Cursors: places in a list, signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::keyset::{Key as ItemKey, KeyValue};
use crate::secret::Key;

/// How much of the tag a cursor has: 128 bits, which nobody guesses.
const TAG: usize = 16;

/// A place in a list, and on which side of it the page lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) key: Vec<KeyValue>,
    pub(super) is_backward: bool,
}

/// What signs the cursors of one list.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) key: Key,
    /// The list: its path and every parameter that says what is in it.
    pub(super) list: [u8; 32],
}

impl Signer {
    /// The cursor of the page behind an item, or before it.
    pub(super) fn cursor(&self, ItemKey(key): &ItemKey, is_backward: bool) -> String {
        let values: Vec<String> = key.iter().map(KeyValue::encode).collect();
        let mut bytes = vec![if is_backward { b'<' } else { b'>' }];
        // A list of texts is JSON, whatever they are.
        bytes.extend(serde_json::to_vec(&values).unwrap_or_default());
        let tag = self.key.sign(&[&self.list, &bytes]);
        bytes.extend_from_slice(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of this list names.
    pub(super) fn place(&self, cursor: &str, columns: usize) -> Option<Place> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (bytes, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        if !self.key.verify(&[&self.list, bytes], tag) {
            return None;
        }
        let (side, values) = bytes.split_first()?;
        let values: Vec<String> = serde_json::from_slice(values).ok()?;
        let key: Vec<KeyValue> = values.iter().map(|value| KeyValue::decode(value)).collect::<Option<_>>()?;
        (key.len() == columns).then_some(Place { key, is_backward: *side == b'<' })
    }
}

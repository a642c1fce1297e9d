//! No expression makes the evaluator panic.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = covet_template::eval(text, &BTreeMap::from([("a", 7), ("b", -2)]));
});

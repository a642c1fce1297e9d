//! No template makes the engine panic, and none takes more than its budget.

#![no_main]

use std::collections::BTreeMap;

use covet_template::{Engine, Format, Undefined};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let context = BTreeMap::from([("x", vec!["a", "<b>"]), ("y", Vec::new())]);
    for format in [Format::Text, Format::Html, Format::Json] {
        let mut engine = Engine::new();
        engine.set_format(Some(format));
        engine.set_undefined(Undefined::Lenient);
        engine.budget_mut().operations = 100_000;
        if let Err(error) = engine.render_text(text, &context) {
            let _ = format!("{error:#}");
        }
    }
});

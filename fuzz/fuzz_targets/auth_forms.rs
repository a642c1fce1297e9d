#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| covet_fuzz::auth::forms(data));

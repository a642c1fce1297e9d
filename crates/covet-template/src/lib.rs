//! covet-template

//! covet-db

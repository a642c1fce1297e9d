//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export them.

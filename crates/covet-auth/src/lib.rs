//! covet-auth

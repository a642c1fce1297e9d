//! Covet

//! Peers that mean harm, many peers, and a server that stops and starts under load: each against a server in a process
//! of its own, whose memory is measured.

mod child;
mod crowd;
mod frames;
mod http1;
mod http2;
mod restart;

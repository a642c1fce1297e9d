//! Users, how they log in, and the sessions of their browsers.
//!
//! [`People`] decides and a [`PeopleStore`] keeps. Who guesses passwords is slowed down per account and per address; whether
//! there is an account is told by nothing: not by the answer, not by the time, not by the lock.

mod login;
mod memory;
mod session;
mod store;
pub(crate) mod throttle;

pub use login::{LoggedIn, Login, LoginAttempt, LoginError, NewUser, People, PeopleSettings, Registration};
pub use memory::MemoryPeople;
pub use session::NewSession;
pub use store::{Failures, PeopleStore, SessionRecord, User};

//! Rules about single things, and the proof that one was asked.

/// A rule that says whether somebody may do something with a thing. The type that implements it names the action.
///
/// ```
/// use covet_auth::rbac::{Permitted, Policy};
///
/// struct Caller { id: i64 }
/// struct Order { customer: i64, text: String }
///
/// /// Changing an order.
/// enum Change {}
///
/// impl Policy<Caller, Order> for Change {
///     fn permits(caller: &Caller, order: &Order) -> bool {
///         order.customer == caller.id
///     }
/// }
///
/// // A store that takes the proof cannot be called by who forgot to ask.
/// fn rename(order: Permitted<Change, Order>, text: &str) -> Order {
///     Order { text: text.to_owned(), ..order.into_inner() }
/// }
///
/// let order = Order { customer: 7, text: "two books".to_owned() };
/// let order = Permitted::<Change, _>::check(&Caller { id: 7 }, order).map(|order| rename(order, "three books"));
/// assert_eq!(order.unwrap().text, "three books");
/// ```
pub trait Policy<Who, Thing> {
    /// Whether this caller may do it with this thing.
    fn permits(who: &Who, thing: &Thing) -> bool;
}

/// A thing with the proof that the caller may do `Action` with it. There is no other way to make one than [`check`](Self::check).
pub struct Permitted<Action, Thing> {
    thing: Thing,
    action: std::marker::PhantomData<fn() -> Action>,
}

/// The caller may not do this with this thing.
///
/// To a client it is best told as if the thing were not there (404), since the difference tells that it is. It is no
/// `std::error::Error`, so that `?` does not make it one of the failures that nobody expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPermitted;

impl<Action, Thing> Permitted<Action, Thing> {
    /// Asks the policy.
    ///
    /// # Errors
    /// [`NotPermitted`] where it says no; the thing is dropped then.
    pub fn check<Who>(who: &Who, thing: Thing) -> Result<Self, NotPermitted>
    where
        Action: Policy<Who, Thing>,
    {
        if Action::permits(who, &thing) {
            Ok(Permitted { thing, action: std::marker::PhantomData })
        } else {
            Err(NotPermitted)
        }
    }

    /// The thing, without the proof.
    pub fn into_inner(self) -> Thing {
        self.thing
    }
}

impl<Action, Thing> std::ops::Deref for Permitted<Action, Thing> {
    type Target = Thing;

    fn deref(&self) -> &Thing {
        &self.thing
    }
}

impl<Action, Thing: std::fmt::Debug> std::fmt::Debug for Permitted<Action, Thing> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Permitted").field(&self.thing).finish()
    }
}

impl std::fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the caller may not do this with this thing")
    }
}

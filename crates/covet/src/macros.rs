//! The macros by example.

/// The list of these routes: handlers with `#[get("…")]` or one of its siblings, by name or by path.
///
/// ```
/// mod books {
///     /// The books.
///     #[covet::get("/books")]
///     pub async fn list() -> &'static str { "none" }
/// }
///
/// let routes = covet::routes![books::list];
/// assert_eq!(routes.paths(), ["/books"]);
/// ```
#[macro_export]
macro_rules! routes {
    ($($handler:path),* $(,)?) => {
        $crate::Routes::new(::std::vec![$(<$handler as $crate::__private::Endpoint>::route()),*])
    };
}

/// The permissions of the program, each a type for [`Auth<P>`](crate::Auth). The documentation is at
/// [`covet_auth::permissions!`](covet_auth::permissions).
#[cfg(feature = "auth")]
#[macro_export]
macro_rules! permissions {
    ($($tokens:tt)*) => { $crate::__private::permissions!($crate::__private::covet_auth; $($tokens)*); };
}

/// A statement with its values. The documentation is at [`db::sql!`](covet_db::sql).
#[cfg(feature = "_db")]
#[macro_export]
macro_rules! sql {
    ($($tokens:tt)*) => { $crate::db::__private::sql!($crate::db, $($tokens)*) };
}

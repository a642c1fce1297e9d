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

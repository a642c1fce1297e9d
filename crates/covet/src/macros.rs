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

/// The static files of a folder, given relative to the package's `Cargo.toml`, as [`Assets`](crate::Assets) that are part of
/// the program.
///
/// ```
/// let assets = covet::assets!("assets/swagger-ui");
/// assert!(assets.url("page.css").is_some());
/// ```
///
/// A file that is changed makes the program build again; for one that is added, print
/// `cargo::rerun-if-changed=static` in the build script. What begins with a dot stays out.
#[macro_export]
macro_rules! assets {
    ($($tokens:tt)*) => { $crate::__private::assets!($crate, $($tokens)*) };
}

/// The templates of a folder, given relative to the package's `Cargo.toml`, as [`Templates`](crate::Templates) that are part
/// of the program. Their names are paths below the folder.
///
/// ```
/// # use covet::App;
/// let app = App::new("Shop", "1.0.0").templates(covet::templates!("tests/it/templates"));
/// ```
///
/// A file that is changed makes the program build again; for one that is added, print
/// `cargo::rerun-if-changed=templates` in the build script. What begins with a dot stays out.
#[cfg(feature = "template")]
#[macro_export]
macro_rules! templates {
    ($($tokens:tt)*) => { $crate::__private::templates!($crate, $($tokens)*) };
}

/// A statement with its values. The documentation is at [`db::sql!`](covet_db::sql).
#[cfg(feature = "_db")]
#[macro_export]
macro_rules! sql {
    ($($tokens:tt)*) => { $crate::db::__private::sql!($crate::db, $($tokens)*) };
}

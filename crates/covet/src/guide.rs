//! The guide's chapters, so that `cargo test --doc` compiles and runs their programs.

macro_rules! chapters {
    ($($(#[$condition:meta])? $name:ident $file:literal)*) => {
        $(
            $(#[$condition])?
            #[doc = include_str!(concat!("../../../docs/", $file, ".md"))]
            struct $name;
        )*
    };
}

chapters! {
    GettingStarted "getting-started"
    Routes "routes"
    Arguments "arguments"
    Results "results"
    Changes "changes"
    Formats "formats"
    Validation "validation"
    Problems "problems"
    OpenApi "openapi"
    Database "database"
    Testing "testing"
    Server "server"
    Tower "tower"
    CommandLine "command-line"
    #[cfg(feature = "template")]
    Templates "templates"
    #[cfg(feature = "auth")]
    Callers "callers"
}

#[cfg(feature = "postgres")]
chapters! {
    PostgreSql "postgresql"
}

#[cfg(feature = "mysql")]
chapters! {
    Mysql "mysql"
}

#[cfg(all(feature = "auth", feature = "sqlite"))]
chapters! {
    AuthorizationServer "authorization-server"
}

//! Who is measured, at what, and which ratios are wanted.

/// A server.
#[derive(Debug)]
pub(crate) struct Contender {
    /// Its name in tables, and its folder's.
    pub(crate) name: &'static str,
    pub(crate) folder: &'static str,
    /// What it is made of.
    pub(crate) about: &'static str,
    /// The packages whose versions are told.
    pub(crate) packages: &'static [&'static str],
    /// The variable that it is started with beside the usual ones.
    pub(crate) variable: Option<(&'static str, &'static str)>,
    /// The paths that it does not have.
    lacks: &'static [&'static str],
}

impl Contender {
    pub(crate) fn is_ours(&self) -> bool {
        self.name == "covet"
    }

    pub(crate) fn is_python(&self) -> bool {
        self.name == "fastapi"
    }

    pub(crate) fn has(&self, endpoint: &Endpoint) -> bool {
        !self.lacks.contains(&endpoint.path)
    }
}

pub(crate) const CONTENDERS: &[Contender] = &[
    Contender {
        name: "covet",
        folder: "bench/covet",
        about: "this framework, its default settings",
        packages: &["covet-rs", "hyper", "tokio-postgres"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "axum-sqlx",
        folder: "bench/peers/axum-sqlx",
        about: "axum, sqlx, validator, askama, jsonwebtoken",
        packages: &["axum", "sqlx", "validator", "askama", "jsonwebtoken"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "axum-sqlx, no ping",
        folder: "bench/peers/axum-sqlx",
        about: "the same without sqlx's ping before each use of a connection",
        packages: &["axum", "sqlx"],
        variable: Some(("NOPING", "1")),
        lacks: &["/plaintext", "/json", "/items", "/me"],
    },
    Contender {
        name: "axum-deadpool",
        folder: "bench/peers/axum-deadpool",
        about: "axum, deadpool-postgres, garde, askama, jsonwebtoken",
        packages: &["axum", "deadpool-postgres", "tokio-postgres", "garde", "askama", "jsonwebtoken"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "actix-deadpool",
        folder: "bench/peers/actix-deadpool",
        about: "actix-web, deadpool-postgres, validator, askama, jsonwebtoken",
        packages: &["actix-web", "deadpool-postgres", "validator", "askama", "jsonwebtoken"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "poem-sqlx",
        folder: "bench/peers/poem-sqlx",
        about: "poem-openapi, sqlx, askama, jsonwebtoken",
        packages: &["poem", "poem-openapi", "sqlx", "askama", "jsonwebtoken"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "fastapi",
        folder: "bench/peers/fastapi",
        about: "FastAPI, asyncpg, Jinja2, PyJWT, uvicorn with a worker for each core",
        packages: &[],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "ntex",
        folder: "bench/peers/ntex",
        about: "bound: ntex, one pipelined tokio-postgres connection per core and no pool",
        packages: &["ntex", "tokio-postgres", "askama", "jsonwebtoken"],
        variable: None,
        lacks: &[],
    },
    Contender {
        name: "hyper",
        folder: "bench/peers/hyper",
        about: "bound: bare hyper, one runtime per core, without any duty",
        packages: &["hyper"],
        variable: None,
        lacks: &["/items", "/db", "/queries?n=20", "/fortunes", "/me"],
    },
];

/// What is asked of a server.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    pub(crate) targets: &'static [Target],
}

/// A ratio of ours to another's.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) than: &'static str,
    pub(crate) bound: Bound,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// Processor time per request, at most.
    Cpu(f64),
    /// Requests per second, at least.
    Rate(f64),
}

const fn target(than: &'static str, bound: Bound) -> Target {
    Target { than, bound }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/plaintext",
        targets: &[target("axum-sqlx", Bound::Cpu(1.0)), target("hyper", Bound::Cpu(1.15))],
    },
    Endpoint { path: "/json", targets: &[target("axum-sqlx", Bound::Cpu(1.0)), target("hyper", Bound::Cpu(1.15))] },
    Endpoint {
        path: "/items",
        targets: &[target("axum-sqlx", Bound::Cpu(0.75)), target("actix-deadpool", Bound::Cpu(1.0))],
    },
    Endpoint {
        path: "/db",
        targets: &[
            target("axum-sqlx", Bound::Rate(3.5)),
            target("axum-sqlx", Bound::Cpu(0.35)),
            target("ntex", Bound::Rate(0.85)),
        ],
    },
    Endpoint {
        path: "/queries?n=20",
        targets: &[target("axum-sqlx", Bound::Rate(2.2)), target("ntex", Bound::Rate(0.85))],
    },
    Endpoint {
        path: "/fortunes",
        targets: &[target("axum-sqlx", Bound::Rate(3.8)), target("ntex", Bound::Rate(0.85))],
    },
    Endpoint { path: "/me", targets: &[target("axum-sqlx", Bound::Cpu(0.3))] },
];

//! Why roles were not changed.

use covet_auth::rbac::RoleFaults;

use crate::Problem;

/// Why roles or who has them were not changed. As a problem it can be a handler's error as it is.
#[derive(Debug, Problem)]
#[problem(crate = "crate")]
#[non_exhaustive]
pub enum RoleError {
    /// The role does not fit.
    ///
    /// It gives a permission that the program does not have, it has a parent that is not there, or it is its own parent by way of
    /// others. Nothing was changed.
    #[problem(status = 422, type = "invalid-role", detail = "{reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such role.
    #[problem(status = 404, type = "no-such-role")]
    NoSuchRole {
        /// The name.
        role: String,
    },
    /// There is no such user.
    #[problem(status = 404, type = "no-such-user")]
    NoSuchUser {
        /// The id.
        user: String,
    },
    /// The database failed.
    #[problem(transparent)]
    Db(covet_db::Error),
    /// Sessions or tokens could not be ended.
    #[problem(status = 500, type = "roles-not-applied", title = "Something is broken here")]
    Auth(covet_auth::Error),
}

impl RoleError {
    pub(in crate::auth) fn invalid(faults: &RoleFaults) -> Self {
        RoleError::Invalid { reason: faults.to_string() }
    }
}

impl std::fmt::Display for RoleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RoleError::Invalid { reason } => f.write_str(reason),
            RoleError::NoSuchRole { role } => write!(f, "there is no role {role:?}"),
            RoleError::NoSuchUser { user } => write!(f, "there is no user {user:?}"),
            RoleError::Db(error) => error.fmt(f),
            RoleError::Auth(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RoleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RoleError::Db(error) => error.source(),
            RoleError::Auth(error) => error.source(),
            _ => None,
        }
    }
}

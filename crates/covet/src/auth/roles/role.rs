//! A role by the names that people use.

use std::collections::{HashMap, HashSet};

use covet_auth::rbac::RoleDefinition;

/// A role: what those who have it may do. A model, so that an app can take and answer it.
///
/// ```
/// use covet::auth::Role;
///
/// let customer = Role::new("customer").permissions(["orders:read", "orders:write"]);
/// let clerk = Role::new("clerk").permissions(["books:write"]).parents(["customer"]);
/// assert_eq!(clerk.parents, ["customer"]);
/// # drop(customer);
/// ```
#[crate::attributes::model(crate = crate)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name, which nobody else has.
    #[check(length(min = 1, max = 100))]
    pub name: String,
    /// The names of the permissions that it gives by itself.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The names of the roles of which it has all permissions too.
    #[serde(default)]
    pub parents: Vec<String>,
}

impl Role {
    /// A role that gives nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Role { name: name.into(), permissions: Vec::new(), parents: Vec::new() }
    }

    /// With these permissions.
    pub fn permissions<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.permissions.extend(names.into_iter().map(Into::into));
        self
    }

    /// With everything that these roles give.
    pub fn parents<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.parents.extend(names.into_iter().map(Into::into));
        self
    }

    /// Roles that are not in a database, as far as they can be judged by themselves: parents that are not among them may
    /// be in the database.
    pub(in crate::auth) fn definitions(roles: &[Role]) -> Vec<RoleDefinition> {
        let numbers: HashMap<_, _> = roles.iter().zip(1..).map(|(role, number)| (&*role.name, number)).collect();
        let mut used = HashSet::new();
        let definition = |(index, role): (usize, &Role)| {
            // The second of one name keeps it under a number of its own, so that it is told.
            let number = numbers.get(&*role.name).copied().filter(|number| used.insert(*number));
            let number = number.unwrap_or_else(|| -i64::try_from(index).unwrap_or_default());
            let parents = role.parents.iter().filter_map(|name| numbers.get(&**name).copied()).collect();
            RoleDefinition { id: number, name: role.name.clone(), permissions: role.permissions.clone(), parents }
        };
        roles.iter().enumerate().map(definition).collect()
    }
}

//! The roles of the shop.

use covet::auth::{RoleDefinition, RoleId};
use covet::{Error, Result};

use super::config::RoleConfig;

/// The role of who has registered.
pub const CUSTOMER: &str = "customer";

/// The role that sees the orders of all customers.
pub const CLERK: &str = "clerk";

/// The roles by their names. Numbers stand in tokens and beside users: those of the shop's own never change, and others
/// follow in the order of the file, so that new ones belong at its end.
#[derive(Debug, Clone)]
pub struct Roles(Vec<RoleDefinition>);

fn own() -> [RoleConfig; 3] {
    let role = |name: &str, permissions: &[&str], parents: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        RoleConfig { name: name.to_owned(), permissions: owned(permissions), parents: owned(parents) }
    };
    [
        role(CUSTOMER, &["orders:read", "orders:write"], &[]),
        role(CLERK, &["books:write"], &[CUSTOMER]),
        role("admin", &["audit:read", "users:admin"], &[CLERK]),
    ]
}

impl Roles {
    /// The shop's own roles, and those of the configuration beside them or in their place.
    ///
    /// # Errors
    /// That a role has a parent that is not there.
    pub fn new(configured: &[RoleConfig]) -> Result<Roles> {
        let own = own();
        let is_own = |role: &&RoleConfig| own.iter().any(|own| own.name == role.name);
        let in_place = own.iter().map(|own| configured.iter().find(|role| role.name == own.name).unwrap_or(own));
        let all: Vec<&RoleConfig> = in_place.chain(configured.iter().filter(|role| !is_own(role))).collect();
        let number = |name: &str| {
            let index = all.iter().position(|role| role.name == name)?;
            RoleId::try_from(index + 1).ok()
        };
        let definition = |role: &&RoleConfig| {
            let RoleConfig { name, permissions, parents } = *role;
            let parent = |parent: &String| {
                number(parent)
                    .ok_or_else(|| Error::new(format!("the role `{name}` has the parent `{parent}`, which is no role")))
            };
            let parents = parents.iter().map(parent).collect::<Result<_>>()?;
            let id = number(name).unwrap_or_default();
            Ok(RoleDefinition { id, name: name.clone(), permissions: permissions.clone(), parents })
        };
        all.iter().map(definition).collect::<Result<_>>().map(Roles)
    }

    /// The roles as the framework takes them, which checks them.
    pub fn definitions(&self) -> &[RoleDefinition] {
        &self.0
    }

    /// The number of a role.
    ///
    /// # Errors
    /// That there is none of this name.
    pub fn find(&self, name: &str) -> Result<RoleId> {
        let found = self.0.iter().find(|role| role.name == name).map(|role| role.id);
        found.ok_or_else(|| Error::new(format!("there is no role `{name}`")))
    }

    /// The names of these roles.
    pub fn names(&self, ids: &[RoleId]) -> Vec<String> {
        self.0.iter().filter(|role| ids.contains(&role.id)).map(|role| role.name.clone()).collect()
    }

    /// Whether one of these roles is this one, or has it among its parents.
    pub fn include(&self, ids: &[RoleId], name: &str) -> bool {
        let (mut found, mut next) = (ids.to_vec(), 0);
        while let Some(id) = found.get(next) {
            next += 1;
            let Some(role) = self.0.iter().find(|role| role.id == *id) else { continue };
            if role.name == name {
                return true;
            }
            let more: Vec<RoleId> = role.parents.iter().copied().filter(|parent| !found.contains(parent)).collect();
            found.extend(more);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_added_and_replaced_without_new_numbers() {
        let role = |name: &str, parents: &[&str]| RoleConfig {
            name: name.to_owned(),
            permissions: vec!["orders:read".to_owned()],
            parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        };
        let roles = Roles::new(&[role("auditor", &["clerk"]), role("customer", &[])]).unwrap();
        let numbers = ["customer", "clerk", "admin", "auditor"].map(|name| roles.find(name).unwrap());
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert_eq!(roles.definitions()[0].permissions, ["orders:read"]);
        assert!(roles.include(&[4], CLERK) && roles.include(&[3], CLERK) && !roles.include(&[1, 99], CLERK));
        assert_eq!(roles.names(&[4, 1]), ["customer", "auditor"]);
        assert!(Roles::new(&[role("a", &["b"])]).unwrap_err().to_string().contains("the parent `b`"));
    }
}

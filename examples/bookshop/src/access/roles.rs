//! The roles of the shop.

use covet::auth::Role;

use super::config::RoleConfig;

/// The role of who has registered.
pub const CUSTOMER: &str = "customer";

/// The role that sees the orders of all customers.
pub const CLERK: &str = "clerk";

/// The shop's own roles, and those of the configuration beside them or in their place.
pub(super) fn roles(configured: &[RoleConfig]) -> Vec<Role> {
    let own = [
        Role::new(CUSTOMER).permissions(["orders:read", "orders:write"]),
        Role::new(CLERK).permissions(["books:write"]).parents([CUSTOMER]),
        Role::new("admin").permissions(["audit:read", "users:admin"]).parents([CLERK]),
    ];
    let is_kept = |role: &Role| configured.iter().all(|other| other.name != role.name);
    let configured = configured
        .iter()
        .map(|RoleConfig { name, permissions, parents }| Role::new(name).permissions(permissions).parents(parents));
    own.into_iter().filter(is_kept).chain(configured).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_added_and_replaced() {
        let role = |name: &str, parents: &[&str]| RoleConfig {
            name: name.to_owned(),
            permissions: vec!["orders:read".to_owned()],
            parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        };
        let roles = roles(&[role("auditor", &["clerk"]), role("customer", &[])]);
        let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["clerk", "admin", "auditor", "customer"]);
        assert_eq!(roles[3].permissions, ["orders:read"]);
    }
}

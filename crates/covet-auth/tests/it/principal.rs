//! What a caller may do is what its scope and its roles both give. Line 98 of the checklist.

use std::sync::Arc;

use covet_auth::rbac::{LiveRoles, Permission, RoleDefinition, RoleId};
use covet_auth::{Identity, Principal};

covet_auth::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    UsersAdmin = "users:admin" => "Manage users",
}

fn role(id: RoleId, permissions: &[&str]) -> RoleDefinition {
    let permissions = permissions.iter().map(|text| text.to_string()).collect();
    RoleDefinition { id, name: id.to_string(), permissions, parents: Vec::new() }
}

#[test]
fn line_98_scope_and_roles_both_limit() {
    let roles = LiveRoles::new(BooksWrite::REGISTRY);
    roles.replace(&[role(1, &["books:write", "users:admin"]), role(2, &["books:write"])]).unwrap();
    let check = |scope: Option<&str>, ids: Option<&[RoleId]>, books: bool, users: bool| {
        let mut identity = Identity::new("alice");
        identity.scope = scope.map(|scope| scope.parse().unwrap());
        identity.roles = ids.map(<[_]>::to_vec);
        let principal = Principal::new(Arc::new(identity), &roles);
        let found = (principal.has::<BooksWrite>(), principal.has::<UsersAdmin>());
        assert_eq!(found, (books, users), "{scope:?} {ids:?}");
    };
    check(Some("books:write"), Some(&[1]), true, false);
    check(Some("books:write users:admin"), Some(&[2]), true, false);
    check(Some("users:admin"), Some(&[2]), false, false);
    check(Some("openid"), Some(&[1]), false, false);
    check(None, Some(&[1]), true, true);
    check(Some("books:write"), None, true, false);
    check(Some("books:write"), Some(&[]), false, false);
    check(None, None, false, false);
}

#[test]
fn a_role_that_loses_a_permission_loses_it_for_the_next_request() {
    let roles = LiveRoles::new(BooksWrite::REGISTRY);
    let mut identity = Identity::new("alice");
    identity.roles = Some(vec![2]);
    let identity = Arc::new(identity);
    roles.replace(&[role(2, &["books:write"])]).unwrap();
    assert!(Principal::new(identity.clone(), &roles).has::<BooksWrite>());
    roles.replace(&[role(2, &[])]).unwrap();
    assert!(!Principal::new(identity, &roles).has::<BooksWrite>());
}

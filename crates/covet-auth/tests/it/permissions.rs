//! Permissions, sets and requirements.

use covet_auth::rbac::{Any, NotPermitted, Permission, PermissionSet, Permitted, Policy, Registry, Requirement};

covet_auth::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    /// Documented by itself.
    OrdersRead = "orders:read" => "See orders",
    #[audit]
    UsersAdmin = "users:admin" => "Manage users",
}

fn registry() -> &'static Registry {
    BooksWrite::REGISTRY
}

fn scope(text: &str) -> PermissionSet {
    registry().of_scope(&text.parse().unwrap())
}

#[test]
fn permissions_of_one_macro_are_one_registry() {
    let described: Vec<_> = registry().permissions().iter().map(|p| (p.name, p.description, p.audited)).collect();
    assert_eq!(
        described,
        [
            ("books:write", "Add and change books", false),
            ("orders:read", "See orders", false),
            ("users:admin", "Manage users", true)
        ]
    );
    assert!(std::ptr::eq(registry(), UsersAdmin::REGISTRY));
    assert!(std::ptr::eq(registry(), <(OrdersRead, Any<(UsersAdmin, BooksWrite)>) as Requirement>::SOURCE.unwrap()));
    assert_eq!(<((), ()) as Requirement>::SOURCE, None);
}

#[test]
fn requirements_are_what_their_alternatives_say() {
    /// Both ways to ask must agree on every set.
    fn check<R: Requirement>(expected: &[&str]) {
        let alternatives = R::alternatives();
        let names: Vec<String> =
            alternatives.iter().map(|set| registry().names(*set).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(names, expected);
        for have in 0..8 {
            let have = (0..3).filter(|bit| have >> bit & 1 == 1).fold(PermissionSet::EMPTY, PermissionSet::with);
            assert_eq!(R::permits(&have), alternatives.iter().any(|set| have.includes(*set)), "{have:?}");
        }
    }
    check::<()>(&[""]);
    check::<BooksWrite>(&["books:write"]);
    check::<(BooksWrite, UsersAdmin)>(&["books:write users:admin"]);
    check::<Any<(OrdersRead, UsersAdmin)>>(&["orders:read", "users:admin"]);
    check::<(BooksWrite, Any<(OrdersRead, UsersAdmin)>)>(&["books:write orders:read", "books:write users:admin"]);
    check::<Any<((BooksWrite, OrdersRead), UsersAdmin)>>(&["books:write orders:read", "users:admin"]);
}

#[test]
fn a_scope_gives_the_permissions_it_names() {
    assert_eq!(
        registry().names(scope("openid users:admin books:write other")).collect::<Vec<_>>(),
        ["books:write", "users:admin"]
    );
    assert!(scope("openid").is_empty());
    assert!(scope("BOOKS:WRITE").is_empty(), "names are compared exactly");
}

#[test]
fn only_marked_permissions_are_audited() {
    let all = scope("books:write orders:read users:admin");
    assert_eq!(registry().names(registry().audited(all)).collect::<Vec<_>>(), ["users:admin"]);
}

#[test]
fn a_thing_without_a_permit_is_not_to_be_had() {
    enum Read {}
    impl Policy<i64, String> for Read {
        fn permits(who: &i64, thing: &String) -> bool {
            thing.starts_with(&who.to_string())
        }
    }
    assert_eq!(Permitted::<Read, _>::check(&7, "7: mine".to_owned()).unwrap().into_inner(), "7: mine");
    assert_eq!(Permitted::<Read, _>::check(&8, "7: mine".to_owned()).unwrap_err(), NotPermitted);
}

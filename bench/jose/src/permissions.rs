//! Whether a caller may: with a set that is there, and with one that is made of the caller's roles and scope as they are now.

use std::hint::black_box;
use std::time::Instant;

use covet_auth::rbac::{LiveRoles, Permission, PermissionSet, Requirement, RoleDefinition, RoleId};

covet_auth::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    OrdersRead = "orders:read" => "See orders",
    OrdersWrite = "orders:write" => "Order",
    AuditRead = "audit:read" => "Read the audit log",
    UsersAdmin = "users:admin" => "Manage users",
}

/// How many checks one turn makes.
const COUNT: usize = 20_000;

/// How many roles there are in the database.
const ROLES: RoleId = 40;

/// Prints what a check takes, each the best of so many turns.
pub fn table(rounds: usize) {
    let live = LiveRoles::new(BooksWrite::REGISTRY);
    let role = |id: RoleId| RoleDefinition {
        id,
        name: format!("role {id}"),
        permissions: vec![if id % 2 == 0 { "books:write" } else { "orders:read" }.to_owned()],
        parents: (1..id).rev().take(1).collect(),
    };
    live.replace(&(1..=ROLES).map(role).collect::<Vec<_>>()).expect("good roles");
    let scope = BooksWrite::REGISTRY.of_scope(&"openid books:write orders:read".parse().expect("a scope"));
    let have = live.permissions(&[3, 17, 38]).intersection(scope);
    assert!(BooksWrite::permits(&have) && !UsersAdmin::permits(&have));
    let current = || live.permissions(black_box(&[3, 17, 38])).intersection(black_box(scope));
    let rows: [(&str, f64, &dyn Fn() -> bool); 3] = [
        ("one permission", 2.0, &|| BooksWrite::permits(black_box(&have))),
        ("two permissions", 2.0, &|| <(BooksWrite, OrdersRead)>::permits(black_box::<&PermissionSet>(&have))),
        ("three roles of the reloadable snapshot, scope, one permission", 50.0, &|| BooksWrite::permits(&current())),
    ];
    println!("| permission check | ns | wanted |");
    println!("|---|---|---|");
    for (name, wanted, check) in rows {
        let mut best = f64::MAX;
        for _ in 0..rounds.max(20) {
            let start = Instant::now();
            let granted = turn(check);
            best = best.min(start.elapsed().as_secs_f64() * 1e9 / COUNT as f64);
            assert_eq!(granted, COUNT);
        }
        println!("| {name} | {best:.2} | ≤ {wanted} |");
    }
}

/// The call through the pointer is part of what is measured.
fn turn(check: &dyn Fn() -> bool) -> usize {
    (0..COUNT).filter(|_| black_box(check())).count()
}

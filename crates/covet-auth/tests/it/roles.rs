//! Roles: checked, closed over their parents, swapped whole.

use std::sync::atomic::{AtomicBool, Ordering};

use covet_auth::rbac::{LiveRoles, Permission, PermissionSet, RoleDefinition, RoleFault, RoleId, Roles};

covet_auth::permissions! {
    A = "a" => "A",
    B = "b" => "B",
    C = "c" => "C",
}

fn role(id: RoleId, name: &str, permissions: &[&str], parents: &[RoleId]) -> RoleDefinition {
    let permissions = permissions.iter().map(|text| text.to_string()).collect();
    RoleDefinition { id, name: name.to_owned(), permissions, parents: parents.to_vec() }
}

fn names(set: PermissionSet) -> String {
    A::REGISTRY.names(set).collect::<Vec<_>>().join(" ")
}

fn faults(definitions: &[RoleDefinition]) -> Vec<RoleFault> {
    Roles::new(A::REGISTRY, definitions).unwrap_err().iter().cloned().collect()
}

#[test]
fn a_role_has_what_its_parents_have() {
    // A diamond: `both` reaches `base` on two ways; children stand before their parents.
    let definitions = [
        role(4, "both", &[], &[2, 3]),
        role(2, "left", &["b"], &[1]),
        role(3, "right", &["c"], &[1]),
        role(1, "base", &["a"], &[]),
        role(9, "nothing", &[], &[]),
    ];
    let roles = Roles::new(A::REGISTRY, &definitions).unwrap();
    let check = |ids: &[RoleId], expected: &str| assert_eq!(names(roles.permissions(ids)), expected, "{ids:?}");
    check(&[1], "a");
    check(&[2], "a b");
    check(&[4], "a b c");
    check(&[9], "");
    check(&[1, 3], "a c");
    check(&[77], "");
    check(&[], "");
    assert_eq!(roles.find("left"), Some(2));
    assert_eq!(roles.name(3), Some("right"));
    assert!(roles.include(&[9, 4], "base") && roles.include(&[2], "left"));
    assert!(!roles.include(&[1], "left") && !roles.include(&[9, 77], "base") && !roles.include(&[4], "nobody"));
    assert_eq!(roles.iter().map(|(id, ..)| id).collect::<Vec<_>>(), [1, 2, 3, 4, 9]);
}

#[test]
fn every_fault_is_told() {
    let unknown = |role: &str, permission: &str| RoleFault::UnknownPermission {
        role: role.to_owned(),
        permission: permission.to_owned(),
    };
    let definitions = [role(1, "one", &["a", "x"], &[5]), role(1, "two", &["y"], &[]), role(2, "one", &[], &[])];
    assert_eq!(
        faults(&definitions),
        [
            RoleFault::DuplicateId(1),
            RoleFault::DuplicateName("one".to_owned()),
            unknown("one", "x"),
            RoleFault::UnknownParent { role: "one".to_owned(), parent: 5 },
            unknown("two", "y"),
        ]
    );
}

#[test]
fn a_circle_is_told_by_its_names() {
    let cycle = |names: &[&str]| RoleFault::Cycle(names.iter().map(|name| name.to_string()).collect());
    assert_eq!(faults(&[role(1, "self", &[], &[1])]), [cycle(&["self"])]);
    let definitions =
        [role(1, "a", &[], &[2]), role(2, "b", &[], &[3]), role(3, "c", &[], &[2]), role(4, "d", &["a"], &[])];
    assert_eq!(faults(&definitions), [cycle(&["b", "c"])]);
}

#[test]
fn a_chain_of_any_length_is_closed() {
    let last = 200_000;
    let definitions: Vec<_> = (1..=last)
        .map(|id| match id {
            _ if id == last => role(id, "last", &["b"], &[]),
            _ => role(id, &id.to_string(), &[], &[id + 1]),
        })
        .collect();
    let roles = Roles::new(A::REGISTRY, &definitions).unwrap();
    assert_eq!(names(roles.permissions(&[1])), "b");
}

/// Line 101 of the checklist.
#[test]
fn what_is_wrong_never_comes_into_force() {
    let live = LiveRoles::new(A::REGISTRY);
    live.replace(&[role(1, "clerk", &["a"], &[])]).unwrap();
    for wrong in [role(1, "clerk", &["nothing"], &[]), role(1, "clerk", &["b"], &[2]), role(1, "clerk", &["b"], &[1])] {
        live.replace(&[wrong]).unwrap_err();
        assert_eq!(names(live.permissions(&[1])), "a");
    }
    live.replace(&[role(1, "clerk", &["b"], &[])]).unwrap();
    assert_eq!(names(live.permissions(&[1])), "b");
}

/// Line 102 of the checklist.
#[test]
fn no_reader_sees_a_half_of_a_change() {
    let live = LiveRoles::new(A::REGISTRY);
    let both = |permission: &str| [role(1, "one", &[permission], &[]), role(2, "two", &[], &[1])];
    live.replace(&both("a")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let roles = live.current();
                    let (one, two) = (roles.permissions(&[1]), roles.permissions(&[2]));
                    assert!(one == two && !one.is_empty(), "{one:?} {two:?}");
                }
            });
        }
        for round in 0..20_000 {
            live.replace(&both(if round % 2 == 0 { "b" } else { "a" })).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

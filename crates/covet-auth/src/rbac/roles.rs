//! Roles: definitions that are checked, closed over their parents, and swapped whole.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{PermissionSet, Registry};

/// The number of a role in the store of roles.
pub type RoleId = i64;

/// A role as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDefinition {
    /// Its number, which tokens carry.
    pub id: RoleId,
    /// Its name, for people and configuration.
    pub name: String,
    /// The names of the permissions that it gives by itself.
    pub permissions: Vec<String>,
    /// The roles of which it has all permissions too.
    pub parents: Vec<RoleId>,
}

/// A consistent set of roles, each with every permission that it gives by itself or through its parents. It never changes:
/// when the definitions do, another is made and takes its place.
#[derive(Debug, Default)]
pub struct Roles {
    /// Sorted by number, since few roles are found sooner so than by a hash.
    by_id: Vec<Role>,
    by_name: HashMap<String, RoleId>,
    parents: HashMap<RoleId, Vec<RoleId>>,
}

#[derive(Debug)]
struct Role {
    id: RoleId,
    name: String,
    /// With those of its parents.
    permissions: PermissionSet,
}

/// The roles that are in force, which a program can replace while it serves.
///
/// Reading is free of waiting: whoever reads sees the old roles or the new ones, whole.
#[derive(Debug)]
pub struct LiveRoles {
    registry: &'static Registry,
    current: ArcSwap<Roles>,
    reassigned: ArcSwap<HashMap<String, Vec<RoleId>>>,
}

/// What is wrong with the definition of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleFault {
    /// Two roles have this number.
    DuplicateId(RoleId),
    /// Two roles have this name.
    DuplicateName(String),
    /// The role gives a permission that the program does not declare.
    UnknownPermission {
        /// The name of the role.
        role: String,
        /// The permission's name.
        permission: String,
    },
    /// The role has a parent that is not there.
    UnknownParent {
        /// The name of the role.
        role: String,
        /// The parent's number.
        parent: RoleId,
    },
    /// These roles are parents of each other, in a circle.
    Cycle(Vec<String>),
}

/// All that is wrong with a set of definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFaults(Vec<RoleFault>);

impl Roles {
    /// Checks the definitions and gathers what each role gives.
    ///
    /// # Errors
    /// Every fault of the definitions: permissions and parents that do not exist, numbers and names that are there twice, circles.
    pub fn new(registry: &Registry, definitions: &[RoleDefinition]) -> Result<Roles, RoleFaults> {
        let mut faults = Vec::new();
        let mut by_id = BTreeMap::new();
        let mut by_name = HashMap::new();
        for role in definitions {
            if by_id.insert(role.id, role).is_some() {
                faults.push(RoleFault::DuplicateId(role.id));
            }
            if by_name.insert(role.name.clone(), role.id).is_some() {
                faults.push(RoleFault::DuplicateName(role.name.clone()));
            }
        }
        let mut own = HashMap::new();
        for role in definitions {
            let mut set = PermissionSet::EMPTY;
            for permission in &role.permissions {
                match registry.find(permission) {
                    Some(index) => set = set.with(index),
                    None => faults
                        .push(RoleFault::UnknownPermission { role: role.name.clone(), permission: permission.clone() }),
                }
            }
            own.insert(role.id, set);
            for parent in role.parents.iter().filter(|parent| !by_id.contains_key(parent)) {
                faults.push(RoleFault::UnknownParent { role: role.name.clone(), parent: *parent });
            }
        }
        if !faults.is_empty() {
            return Err(RoleFaults(faults));
        }
        let order = match parents_first(&by_id) {
            Ok(order) => order,
            Err(cycle) => return Err(RoleFaults(vec![cycle])),
        };
        let mut closed: HashMap<RoleId, PermissionSet> = HashMap::with_capacity(order.len());
        for role in order {
            let inherited = role.parents.iter().filter_map(|parent| closed.get(parent).copied());
            let own = own.get(&role.id).copied().unwrap_or_default();
            let set = inherited.fold(own, PermissionSet::union);
            closed.insert(role.id, set);
        }
        let parents = definitions.iter().map(|role| (role.id, role.parents.clone())).collect();
        // The definitions are sorted by number, and each was closed.
        let by_id = by_id.values().map(|role| Role {
            id: role.id,
            name: role.name.clone(),
            permissions: closed.get(&role.id).copied().unwrap_or_default(),
        });
        Ok(Roles { by_id: by_id.collect(), by_name, parents })
    }

    #[inline]
    fn role(&self, id: RoleId) -> Option<&Role> {
        self.by_id.binary_search_by_key(&id, |role| role.id).ok().and_then(|index| self.by_id.get(index))
    }

    /// What these roles give together. A role that is not there gives nothing.
    #[inline]
    pub fn permissions(&self, roles: &[RoleId]) -> PermissionSet {
        let sets = roles.iter().filter_map(|role| Some(self.role(*role)?.permissions));
        sets.fold(PermissionSet::EMPTY, PermissionSet::union)
    }

    /// The number of the role of this name.
    pub fn find(&self, name: &str) -> Option<RoleId> {
        self.by_name.get(name).copied()
    }

    /// Whether one of these roles is the one of this name, or has it among its parents and their parents.
    pub fn include(&self, roles: &[RoleId], name: &str) -> bool {
        let Some(wanted) = self.find(name) else { return false };
        let (mut found, mut next) = (roles.to_vec(), 0);
        while let Some(role) = found.get(next) {
            if *role == wanted {
                return true;
            }
            let parents = self.parents.get(role).map_or(&[][..], Vec::as_slice);
            let more: Vec<RoleId> = parents.iter().copied().filter(|parent| !found.contains(parent)).collect();
            found.extend(more);
            next += 1;
        }
        false
    }

    /// The name of a role.
    pub fn name(&self, id: RoleId) -> Option<&str> {
        Some(&self.role(id)?.name)
    }

    /// Every role with its permissions, by number.
    pub fn iter(&self) -> impl Iterator<Item = (RoleId, &str, PermissionSet)> {
        self.by_id.iter().map(|role| (role.id, &*role.name, role.permissions))
    }
}

/// The roles so that each comes after its parents, or a circle. Without recursion: the definitions are data.
fn parents_first<'a>(roles: &BTreeMap<RoleId, &'a RoleDefinition>) -> Result<Vec<&'a RoleDefinition>, RoleFault> {
    let mut order = Vec::with_capacity(roles.len());
    // Whether a role is on the way to its parents (`false`) or behind us (`true`).
    let mut seen = HashMap::with_capacity(roles.len());
    for start in roles.values().copied() {
        if seen.contains_key(&start.id) {
            continue;
        }
        seen.insert(start.id, false);
        let mut way = vec![(start, start.parents.iter())];
        while let Some((role, parents)) = way.last_mut() {
            let Some(parent) = parents.next() else {
                seen.insert(role.id, true);
                order.push(*role);
                way.pop();
                continue;
            };
            let Some(parent) = roles.get(parent).copied() else { continue };
            match seen.get(&parent.id) {
                Some(true) => {}
                Some(false) => {
                    let names = way.iter().map(|(role, _)| *role).skip_while(|role| role.id != parent.id);
                    return Err(RoleFault::Cycle(names.map(|role| role.name.clone()).collect()));
                }
                None => {
                    seen.insert(parent.id, false);
                    way.push((parent, parent.parents.iter()));
                }
            }
        }
    }
    Ok(order)
}

impl LiveRoles {
    /// No roles yet, of a program with these permissions.
    pub fn new(registry: &'static Registry) -> LiveRoles {
        LiveRoles { registry, current: ArcSwap::default(), reassigned: ArcSwap::default() }
    }

    /// The permissions that the program declares.
    pub fn registry(&self) -> &'static Registry {
        self.registry
    }

    /// Puts other definitions in force, all at once.
    ///
    /// # Errors
    /// What is wrong with them; what was in force stays in force then.
    pub fn replace(&self, definitions: &[RoleDefinition]) -> Result<(), RoleFaults> {
        let roles = Roles::new(self.registry, definitions)?;
        self.current.store(Arc::new(roles));
        Ok(())
    }

    /// Says which roles these users have now, whatever their tokens name. A token lives for minutes; a user whose roles were
    /// changed since it was issued belongs in here for as long.
    pub fn reassign(&self, users: HashMap<String, Vec<RoleId>>) {
        self.reassigned.store(Arc::new(users));
    }

    /// The roles of a user that were changed while tokens with the old ones are about.
    pub fn reassigned(&self, user: &str) -> Option<Vec<RoleId>> {
        self.reassigned.load().get(user).cloned()
    }

    /// The roles in force now.
    pub fn current(&self) -> Arc<Roles> {
        self.current.load_full()
    }

    /// What these roles give now.
    #[inline]
    pub fn permissions(&self, roles: &[RoleId]) -> PermissionSet {
        self.current.load().permissions(roles)
    }
}

impl RoleFaults {
    /// Each fault.
    pub fn iter(&self) -> impl Iterator<Item = &RoleFault> {
        self.0.iter()
    }
}

impl fmt::Display for RoleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoleFault::DuplicateId(id) => write!(f, "two roles have the number {id}"),
            RoleFault::DuplicateName(name) => write!(f, "two roles have the name {name:?}"),
            RoleFault::UnknownPermission { role, permission } => {
                write!(f, "the role {role:?} gives {permission:?}, which is no permission of this program")
            }
            RoleFault::UnknownParent { role, parent } => {
                write!(f, "the role {role:?} has the parent {parent}, which is no role")
            }
            RoleFault::Cycle(names) => write!(f, "roles are parents of each other in a circle: {}", names.join(" → ")),
        }
    }
}

impl fmt::Display for RoleFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RoleFault {}
impl std::error::Error for RoleFaults {}

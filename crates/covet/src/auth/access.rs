//! What was decided about who may call a route.

use covet_auth::rbac::{PermissionSet, Registry, Requirement};

/// What one argument or one group says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decision {
    Public,
    /// Anybody, who is told apart when known.
    Optional,
    Required(Required),
}

/// A requirement without its type.
#[derive(Clone, Copy)]
pub(crate) struct Required {
    permits: fn(&PermissionSet) -> bool,
    alternatives: fn() -> Vec<PermissionSet>,
    pub(crate) registry: Option<&'static Registry>,
}

/// Who may call a route, all decisions taken together.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    Public,
    Guarded(Guard),
}

/// What a caller must be permitted.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    required: Vec<Required>,
    /// The permissions whose use is recorded.
    audited: PermissionSet,
}

impl Decision {
    pub(crate) fn required<R: Requirement>() -> Self {
        Decision::Required(Required { permits: R::permits, alternatives: R::alternatives, registry: R::SOURCE })
    }

    /// The list of permissions that it takes from.
    pub(crate) fn registry(&self) -> Option<&'static Registry> {
        match self {
            Decision::Required(required) => required.registry,
            Decision::Public | Decision::Optional => None,
        }
    }
}

impl std::fmt::Debug for Required {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (self.alternatives)().fmt(f)
    }
}

impl Access {
    /// What the handler's arguments and the groups around it say together: a handler may ask for more than its group, or say
    /// that it is public. `None` where nobody has decided.
    pub(crate) fn of(own: &[Decision], groups: &[Decision]) -> Result<Option<Access>, &'static str> {
        let is_public = |decisions: &[Decision]| decisions.iter().any(|one| matches!(one, Decision::Public));
        let required = |decisions: &[Decision]| {
            let required = decisions.iter().filter_map(|one| match one {
                Decision::Required(required) => Some(*required),
                Decision::Public | Decision::Optional => None,
            });
            required.collect::<Vec<_>>()
        };
        let asked = required(own);
        if is_public(own) {
            let message = "takes `Public` and `Auth`, of which one is wrong";
            return if own.len() == 1 { Ok(Some(Access::Public)) } else { Err(message) };
        }
        let mut all = required(groups);
        if asked.is_empty() && all.is_empty() {
            return Ok(match own {
                [] => is_public(groups).then_some(Access::Public),
                _ => Some(Access::Guarded(Guard::new(Vec::new()))),
            });
        }
        all.extend(asked);
        Ok(Some(Access::Guarded(Guard::new(all))))
    }
}

impl Guard {
    fn new(required: Vec<Required>) -> Self {
        let mut guard = Guard { required, audited: PermissionSet::EMPTY };
        let asked = guard.alternatives().into_iter().fold(PermissionSet::EMPTY, PermissionSet::union);
        let registry = guard.registries().next();
        guard.audited = registry.map_or(PermissionSet::EMPTY, |registry| registry.audited(asked));
        guard
    }

    /// Those of the permissions that the caller has whose use is recorded.
    pub(crate) fn audited(&self, have: &PermissionSet) -> Option<PermissionSet> {
        let used = self.audited.intersection(*have);
        (!used.is_empty()).then_some(used)
    }

    /// Whether a caller that nobody knows may call as well.
    pub(crate) fn is_optional(&self) -> bool {
        self.required.is_empty()
    }

    pub(crate) fn permits(&self, have: &PermissionSet) -> bool {
        self.required.iter().all(|required| (required.permits)(have))
    }

    /// The sets of permissions of which each is enough.
    pub(crate) fn alternatives(&self) -> Vec<PermissionSet> {
        self.required.iter().fold(vec![PermissionSet::EMPTY], |all, required| {
            let more = (required.alternatives)();
            all.iter().flat_map(|left| more.iter().map(|right| left.union(*right))).collect()
        })
    }

    pub(crate) fn registries(&self) -> impl Iterator<Item = &'static Registry> {
        self.required.iter().filter_map(|required| required.registry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::permissions! {
        Read = "read" => "Read",
        Write = "write" => "Write",
    }

    #[test]
    fn a_handler_tightens_its_group_or_is_public() {
        let (public, optional) = (Decision::Public, Decision::Optional);
        let (read, write) = (Decision::required::<Read>(), Decision::required::<Write>());
        let any = Decision::required::<()>();
        let check = |own: &[Decision], groups: &[Decision], expected: &str| {
            let found = match Access::of(own, groups) {
                Err(_) => "fault".to_owned(),
                Ok(None) => "undecided".to_owned(),
                Ok(Some(Access::Public)) => "public".to_owned(),
                Ok(Some(Access::Guarded(guard))) if guard.is_optional() => "optional".to_owned(),
                Ok(Some(Access::Guarded(guard))) => format!("{:?}", guard.alternatives()),
            };
            assert_eq!(found, expected, "{own:?} {groups:?}");
        };
        check(&[], &[], "undecided");
        check(&[public], &[], "public");
        check(&[], &[public], "public");
        check(&[optional], &[], "optional");
        check(&[optional], &[public], "optional");
        check(&[any], &[], "[{}]");
        check(&[read], &[], "[{0}]");
        check(&[read], &[write], "[{0, 1}]");
        check(&[read], &[public], "[{0}]");
        check(&[optional], &[read], "[{0}]");
        check(&[], &[read, write], "[{0, 1}]");
        check(&[public], &[read], "public");
        check(&[public, read], &[], "fault");
        check(&[public, optional], &[], "fault");
    }
}

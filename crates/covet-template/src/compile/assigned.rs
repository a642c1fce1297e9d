//! Which names a scope assigns.

use crate::syntax::ast::{Body, StmtKind, Target};

/// Collects the names that a body assigns in its own scope; branches share the scope of what surrounds them.
pub(super) fn assigned<'s>(body: &Body<'s>, names: &mut Vec<&'s str>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Set { target, .. } | StmtKind::SetBlock { target, .. } => targets(target, names),
            StmtKind::Macro(definition) => add(definition.name, names),
            StmtKind::Import { target, .. } => add(target, names),
            StmtKind::FromImport { names: imported, .. } => {
                imported.iter().for_each(|(_, alias)| add(alias, names));
            }
            StmtKind::If { branches, otherwise } => {
                branches.iter().for_each(|(_, body)| assigned(body, names));
                assigned(otherwise, names);
            }
            _ => {}
        }
    }
}

/// Collects the names of a target.
pub(crate) fn targets<'s>(target: &Target<'s>, names: &mut Vec<&'s str>) {
    match target {
        Target::Name(name) => add(name, names),
        Target::Attribute(..) => {}
        Target::Tuple(parts, _) => parts.iter().for_each(|part| targets(part, names)),
    }
}

fn add<'s>(name: &'s str, names: &mut Vec<&'s str>) {
    // More names than a unit may have are an error later, so that they need not be told apart.
    if names.len() <= super::MAX_SLOTS && !names.contains(&name) {
        names.push(name);
    }
}

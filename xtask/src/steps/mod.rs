//! The steps of `cargo xtask test`, in the order in which they run: what is quick and often wrong first.

mod bookshop;
mod deny;
mod docs;
mod features;
mod lint;
mod oauth_clients;
mod openapi;
mod package;
mod runner;
mod schemathesis;
mod tests;

use crate::report::Outcome;
use crate::workspace::Workspace;
use clap::ValueEnum;

/// One thing that can go wrong on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Step {
    /// The sources are formatted.
    #[value(name = "fmt")]
    Format,
    /// Crates use only what they may use.
    Edges,
    /// No lint has anything to say.
    Clippy,
    /// Licences, bans and advisories of the dependencies.
    Deny,
    /// The documentation builds, and its links lead somewhere.
    Docs,
    /// Unit, integration and compile-fail tests.
    Tests,
    /// The share of lines that the tests ran.
    Coverage,
    /// The examples in the documentation.
    Doctests,
    /// Each feature alone builds and passes its tests.
    Features,
    /// The Bookshop's document in two outside validators.
    Openapi,
    /// The Bookshop asked by Schemathesis, rightly and wrongly.
    Schemathesis,
    /// The Bookshop as an authorization server, asked by clients of others.
    OauthClients,
    /// What would be published can be packed, and is not too large (with `--full`).
    Package,
}

impl Step {
    /// The steps to run, in order; where none is named, all of them that belong to such a run.
    pub(crate) fn selected(only: &[Self], full: bool) -> Vec<Self> {
        let selected = |step: &&Self| {
            // Coverage is measured while the tests run, so it brings them along.
            (only.is_empty() && (full || **step != Self::Package))
                || only.contains(step)
                || (**step == Self::Tests && only.contains(&Self::Coverage))
        };
        Self::value_variants().iter().filter(selected).copied().collect()
    }

    /// The name on the command line and in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Format => "fmt",
            Self::Edges => "edges",
            Self::Clippy => "clippy",
            Self::Deny => "deny",
            Self::Docs => "docs",
            Self::Tests => "tests",
            Self::Coverage => "coverage",
            Self::Doctests => "doctests",
            Self::Features => "features",
            Self::Openapi => "openapi",
            Self::Schemathesis => "schemathesis",
            Self::OauthClients => "oauth-clients",
            Self::Package => "package",
        }
    }

    /// Carries the step out.
    pub(crate) fn run(self, workspace: &mut Workspace) -> Result<Outcome, String> {
        match self {
            Self::Format => lint::format(workspace),
            Self::Edges => lint::edges(workspace),
            Self::Clippy => lint::clippy(workspace),
            Self::Deny => deny::run(workspace),
            Self::Docs => docs::run(workspace),
            Self::Tests => tests::run(workspace),
            Self::Coverage => tests::coverage(workspace),
            Self::Doctests => docs::examples(workspace),
            Self::Features => features::run(workspace),
            Self::Openapi => openapi::run(workspace),
            Self::Schemathesis => schemathesis::run(workspace),
            Self::OauthClients => oauth_clients::run(workspace),
            Self::Package => package::run(workspace),
        }
    }
}

#[cfg(test)]
mod selection {
    use super::*;

    #[test]
    fn without_a_choice_all_steps_run_in_order() {
        let steps = Step::selected(&[], true);
        assert_eq!(steps, Step::value_variants());
        assert!(steps.is_sorted());
        assert!(!Step::selected(&[], false).contains(&Step::Package));
    }

    #[test]
    fn coverage_brings_the_tests_along() {
        assert_eq!(Step::selected(&[Step::Coverage], false), [Step::Tests, Step::Coverage]);
        assert_eq!(Step::selected(&[Step::Format], false), [Step::Format]);
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for step in Step::value_variants() {
            let value = step.to_possible_value().unwrap();
            assert_eq!(value.get_name(), step.name());
        }
    }
}

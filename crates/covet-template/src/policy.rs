//! Which names templates may use.

/// What the authors of templates may do. Names are resolved while compiling, and one that the policy does not list has
/// no code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Templates of the application's own authors: everything that is built in.
    #[default]
    Trusted,
    /// Templates that customers write: no way to switch escaping off.
    Tenant,
    /// Expressions only: arithmetic, comparison, boolean logic, and the functions `len`, `str`, `int`, `float`,
    /// `bool`, `abs`, `min`, `max`, `round`, `sum` and `range`.
    ExpressionOnly,
}

/// The functions of [`Policy::ExpressionOnly`].
pub(crate) const EXPRESSION_FUNCTIONS: [&str; 11] =
    ["abs", "bool", "float", "int", "len", "max", "min", "range", "round", "str", "sum"];

const EXPRESSION_FILTERS: [&str; 7] = ["abs", "float", "int", "max", "min", "round", "sum"];

impl Policy {
    pub(crate) fn allows_filter(self, name: &str) -> bool {
        match self {
            Policy::Trusted => true,
            Policy::Tenant => name != "safe",
            Policy::ExpressionOnly => EXPRESSION_FILTERS.contains(&name),
        }
    }

    pub(crate) fn allows_test(self, _name: &str) -> bool {
        self != Policy::ExpressionOnly
    }

    pub(crate) fn allows_function(self, name: &str) -> bool {
        let is_expression_function = EXPRESSION_FUNCTIONS.contains(&name) && name != "range";
        match self {
            Policy::Trusted | Policy::Tenant => !is_expression_function,
            Policy::ExpressionOnly => EXPRESSION_FUNCTIONS.contains(&name),
        }
    }

    pub(crate) fn allows_methods(self) -> bool {
        self != Policy::ExpressionOnly
    }

    /// Whether `{% autoescape false %}` is allowed.
    pub(crate) fn allows_unescaped(self) -> bool {
        self == Policy::Trusted
    }
}

/// What happens with a variable or an attribute that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undefined {
    /// Using it is an error, except for asking whether it is defined.
    #[default]
    Strict,
    /// It prints as nothing and is false and empty; its attributes are an error. This is Jinja2's default.
    Lenient,
    /// As lenient, and its attributes are undefined as well.
    Chainable,
}

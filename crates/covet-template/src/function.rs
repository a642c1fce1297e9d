//! Functions of the application that templates may call.

use std::fmt;

use crate::error::{Error, Result};
use crate::value::{FromValue, IntoValue, Value};

type Call = dyn Fn(Vec<Value>) -> Result<Value> + Send + Sync;

/// A filter, test or function of the application.
pub(crate) struct Custom {
    pub(crate) name: Box<str>,
    call: Box<Call>,
}

impl Custom {
    pub(crate) fn new<Arguments>(name: &str, function: impl Function<Arguments>) -> Self {
        Self { name: name.into(), call: Box::new(move |arguments| function.call(arguments)) }
    }

    pub(crate) fn call(&self, arguments: Vec<Value>) -> Result<Value> {
        (self.call)(arguments)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Custom").field(&self.name).finish()
    }
}

/// A Rust function whose arguments and answer templates can supply and use.
///
/// It is implemented for functions and closures of up to five arguments that are [`FromValue`], an answer that is
/// [`IntoValue`], or a `Result` of one. An argument of type `Option<T>` may be left out.
///
/// ```
/// use covet_template::Engine;
///
/// let mut engine = Engine::new();
/// engine.add_filter("shout", |text: String, marks: Option<usize>| text.to_uppercase() + &"!".repeat(marks.unwrap_or(1)));
/// assert_eq!(engine.render_text("{{ 'hi'|shout(3) }}", &())?, "HI!!!");
/// # Ok::<(), covet_template::Error>(())
/// ```
pub trait Function<Arguments>: Send + Sync + 'static {
    /// Calls the function.
    ///
    /// # Errors
    /// An argument is missing, too many or of the wrong type, or the function failed.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, Error>;
}

macro_rules! functions {
    ($($argument:ident)*) => {
        impl<F, Answer, $($argument),*> Function<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Answer + Send + Sync + 'static,
            Answer: IntoValue,
            $($argument: FromValue,)*
        {
            fn call(&self, arguments: Vec<Value>) -> Result<Value, Error> {
                const NAMES: &[&str] = &[$(stringify!($argument)),*];
                let taken = NAMES.len();
                if arguments.len() > taken {
                    return Err(Error::type_(format!("at most {taken} arguments are taken")));
                }
                #[allow(unused_mut, unused_variables, reason = "a function without arguments takes none")]
                let mut arguments = arguments.into_iter();
                let answer = self($(
                    <$argument>::from_value(arguments.next().unwrap_or(Value::Undefined))?
                ),*);
                answer.into_value()
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D E);

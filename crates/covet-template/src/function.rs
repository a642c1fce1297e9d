//! Functions of the application that templates may call.

use std::fmt;

use crate::error::{Error, Result};
use crate::value::{FromValue, IntoValue, Value};

type Call = dyn Fn(Vec<Value>, Vec<(String, Value)>) -> Result<Value> + Send + Sync;

/// A filter, test or function of the application.
pub(crate) struct Custom {
    pub(crate) name: Box<str>,
    call: Box<Call>,
}

impl Custom {
    pub(crate) fn new<Arguments>(name: &str, function: impl Function<Arguments>) -> Self {
        Self { name: name.into(), call: Box::new(move |arguments, keywords| function.call(arguments, keywords)) }
    }

    pub(crate) fn call(&self, arguments: Vec<Value>, keywords: Vec<(String, Value)>) -> Result<Value> {
        (self.call)(arguments, keywords)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Custom").field(&self.name).finish()
    }
}

/// The arguments that a template gave by their names: an argument of a [`Function`], beside those that have places.
///
/// ```
/// use covet_template::{Engine, Keywords};
///
/// let mut engine = Engine::new();
/// engine.add_function("link", |to: String, mut options: Keywords| {
///     let class: Option<String> = options.take("class")?;
///     options.finish()?;
///     Ok::<_, covet_template::Error>(format!("{to} {}", class.unwrap_or_default()))
/// });
/// assert_eq!(engine.render_text("{{ link('/', class='big') }}", &())?, "/ big");
/// assert!(engine.render_text("{{ link('/', clas='big') }}", &()).is_err());
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Keywords(Vec<(String, Value)>);

impl Keywords {
    /// Takes the argument of a name; one of type `Option<T>` may be left out.
    ///
    /// # Errors
    /// The argument is missing or of another type.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T, Error> {
        let at = self.0.iter().position(|(found, _)| found == name);
        T::from_value(at.map_or(Value::Undefined, |at| self.0.remove(at).1))
    }

    /// Refuses what was given and not taken.
    ///
    /// # Errors
    /// There is an argument that was not taken.
    pub fn finish(self) -> Result<(), Error> {
        match self.0.first() {
            Some((name, _)) => Err(Error::type_(format!("there is no argument `{name}`"))),
            None => Ok(()),
        }
    }
}

impl FromValue for Keywords {
    const IS_KEYWORDS: bool = true;

    fn from_value(value: Value) -> Result<Self, Error> {
        let Value::Map(entries) = value else { return Ok(Self::default()) };
        let named = entries.into_iter().filter_map(|(name, value)| match name {
            Value::String(name) => Some((name, value)),
            _ => None,
        });
        Ok(Self(named.collect()))
    }
}

/// A Rust function whose arguments and answer templates can supply and use.
///
/// It is implemented for functions and closures of up to five arguments that are [`FromValue`], an answer that is
/// [`IntoValue`], or a `Result` of one. An argument of type `Option<T>` may be left out, and one of type [`Keywords`]
/// takes what the template gives by name.
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
    fn call(&self, arguments: Vec<Value>, keywords: Vec<(String, Value)>) -> Result<Value, Error>;
}

macro_rules! functions {
    ($($argument:ident)*) => {
        impl<F, Answer, $($argument),*> Function<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Answer + Send + Sync + 'static,
            Answer: IntoValue,
            $($argument: FromValue,)*
        {
            fn call(&self, arguments: Vec<Value>, keywords: Vec<(String, Value)>) -> Result<Value, Error> {
                let takes_keywords: &[bool] = &[$(<$argument as FromValue>::IS_KEYWORDS),*];
                let taken = takes_keywords.len() - takes_keywords.iter().filter(|takes| **takes).count();
                if let Some((keyword, _)) = keywords.first()
                    && taken == takes_keywords.len()
                {
                    return Err(Error::type_(format!("there is no argument `{keyword}`")));
                }
                if arguments.len() > taken {
                    return Err(Error::type_(format!("at most {taken} arguments are taken")));
                }
                #[allow(unused_mut, unused_variables, reason = "a function without arguments takes none")]
                let mut arguments = arguments.into_iter();
                #[allow(unused_mut, unused_variables, reason = "a function without arguments takes none")]
                let mut keywords = Some(keywords);
                let answer = self($(
                    if <$argument as FromValue>::IS_KEYWORDS {
                        let keywords = keywords.take().unwrap_or_default();
                        let entries = keywords.into_iter().map(|(name, value)| (Value::String(name), value));
                        <$argument>::from_value(Value::Map(entries.collect()))?
                    } else {
                        <$argument>::from_value(arguments.next().unwrap_or(Value::Undefined))?
                    }
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

//! `covet eval`: the value of an expression, as JSON.

use clap::Args;
use covet_template::{Engine, Value};

use crate::template::{self, Error, Policy, Undefined};

/// The options of `covet eval`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The expression; `-` reads it from standard input.
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// The variables: a JSON object, or the name of a file that holds one.
    #[arg(long, short, value_name = "JSON|FILE")]
    context: Option<String>,
    /// What the expression may use.
    #[arg(long, default_value = "expression-only")]
    policy: Policy,
    /// What happens with a variable that is not there.
    #[arg(long, default_value = "strict")]
    undefined: Undefined,
}

/// Evaluates and prints.
pub(crate) fn eval(arguments: &Arguments) -> Result<(), Error> {
    let mut engine = Engine::with_policy(arguments.policy.into());
    engine.set_undefined(arguments.undefined.into());
    let expression = match arguments.expression.as_str() {
        "-" => template::read("-".as_ref())?,
        text => text.to_owned(),
    };
    let context = template::context(arguments.context.as_deref())?;
    let value = engine.eval(expression.trim(), &context)?;
    if matches!((&value, arguments.undefined), (Value::Undefined, Undefined::Strict)) {
        return Err(Error::Undefined);
    }
    template::write(&format!("{}\n", json(&value)))
}

/// The value as JSON. What JSON cannot say is told in the words of Python's `json`: `NaN`, `Infinity`.
fn json(value: &Value) -> String {
    match value {
        Value::Float(number) if number.is_nan() => "NaN".to_owned(),
        Value::Float(number) if number.is_infinite() => if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Value::Undefined | Value::None => "null".to_owned(),
        Value::Safe(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entry = |(key, value): &(Value, Value)| {
                let key = match key {
                    Value::String(text) => text.clone(),
                    key => json(key),
                };
                format!("{}: {}", serde_json::Value::from(key), json(value))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        // Numbers, truth values and texts are themselves.
        value => serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()),
    }
}

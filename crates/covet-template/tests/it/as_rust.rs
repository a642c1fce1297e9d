//! Every fixture that can be compiled to Rust is, and gives what the engine gives at run time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use covet_template::rust::{self, Field};
use serde_json::Value;

use crate::fixture::{self, Fixture};

/// The program around the compiled fixtures.
const PROGRAM: &str = r#"
#![allow(warnings)]
use covet_template::{Context, Data, Datum, Engine, Error, Memory, Render, Undefined};

/// A value of JSON as the field of a struct.
struct Json(serde_json::Value);

impl Data for Json {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        memory.serialize(&self.0)
    }
}

/// What a template compiled to Rust and the engine give for the same struct.
fn outcome<R: Render>(undefined: Undefined, page: &R) -> serde_json::Value {
    let mut engine = Engine::new();
    engine.set_undefined(undefined);
    match page.render_compiled(&engine) {
        Ok(output) => serde_json::json!({ "output": output }),
        Err(error) => serde_json::json!({ "error": format!("{error:#}") }),
    }
}
"#;

/// The members of a fixture's context, as fields of a struct around a struct.
fn fields(context: &Value) -> Vec<Field> {
    let names = context.as_object().into_iter().flatten().map(|(name, _)| name);
    names.map(|name| Field { name: name.clone(), member: format!("0.{name}_"), dynamic: true }).collect()
}

/// All fixtures, and some of the many cases.
fn fixtures() -> Vec<Fixture> {
    let cases = crate::cases::all().into_iter().map(|(case, _)| case).step_by(8);
    fixture::all().into_iter().chain(cases).collect()
}

/// The struct that holds a context: one for all fixtures with the same.
fn shape(shapes: &mut BTreeMap<String, usize>, program: &mut String, context: &Value) -> usize {
    let text = context.to_string();
    let next = shapes.len();
    *shapes.entry(text.clone()).or_insert_with(|| {
        let names: Vec<&String> = context.as_object().into_iter().flatten().map(|(name, _)| name).collect();
        let members: String = names.iter().map(|name| format!("{name}_: Json, ")).collect();
        let read: String = names.iter().map(|name| format!("{name}_: Json(all[{name:?}].clone()), ")).collect();
        let arms: String =
            names.iter().enumerate().map(|(at, name)| format!("{at} => self.{name}_.read(memory),")).collect();
        let _ = write!(
            program,
            "struct Shape{next} {{ {members} }}
            impl Shape{next} {{ fn new() -> Self {{
                let all: serde_json::Value = serde_json::from_str({text:?}).unwrap();
                Self {{ {read} }}
            }} }}
            impl Context for Shape{next} {{
                fn names(&self) -> &'static [&'static str] {{ &{names:?} }}
                fn field<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error> {{
                    match index {{ {arms} _ => ().read(memory) }}
                }}
            }}\n"
        );
        next
    })
}

/// The code of a fixture, or why there is none.
fn compiled(fixture: &Fixture, number: usize, shape: usize) -> Result<String, String> {
    let fields = fields(&fixture.context);
    let code =
        rust::compile(&fixture.engine(), "main", &fields, "covet_template").map_err(|error| format!("{error:#}"))?;
    let body = code.body;
    let sources: Vec<(&str, &str)> = code.sources.iter().map(|(name, text)| (&**name, &**text)).collect();
    Ok(format!(
        "struct F{number}<'s>(&'s Shape{shape});
        impl Context for F{number}<'_> {{
            fn names(&self) -> &'static [&'static str] {{ self.0.names() }}
            fn field<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error> {{
                self.0.field(index, memory)
            }}
        }}
        impl Render for F{number}<'_> {{
            const TEMPLATE: &'static str = \"main\";
            const FOLDER: &'static str = \"\";
            const SOURCES: &'static [(&'static str, &'static str)] = &{sources:?};
            const RELOADS: bool = false;
            fn write<'a>(&'a self, run: &mut covet_template::compiled::Run<'a>) -> Result<(), Error> {{
                {body}
                Ok(())
            }}
        }}\n"
    ))
}

/// Builds a program in a package of its own, and answers what it prints.
fn run(program: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixtures-as-rust");
    let manifest = format!(
        "[package]\nname = \"fixtures-as-rust\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\ncovet-template = {{ path = {root:?} }}\nserde_json = {{ version = \"1\", features = [\"preserve_order\"] }}\n[profile.dev]\ndebug = false\n"
    );
    std::fs::create_dir_all(package.join("src")).expect("a folder for the program");
    std::fs::copy(root.join("../../Cargo.lock"), package.join("Cargo.lock")).expect("the versions of the workspace");
    std::fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::write(package.join("src/main.rs"), program).expect("a program");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--offline", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the program does not build or run: {}", &errors[..errors.len().min(8000)]);
    serde_json::from_slice(&output.stdout).expect("outcomes as JSON")
}

#[test]
fn fixtures_render_alike_as_rust() {
    let mut program = PROGRAM.to_owned();
    let mut shapes = BTreeMap::new();
    let mut calls = String::new();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let fixtures = fixtures();
    for (number, fixture) in fixtures.iter().enumerate() {
        let shape = shape(&mut shapes, &mut program, &fixture.context);
        match compiled(fixture, number, shape) {
            Ok(code) => {
                program.push_str(&code);
                let undefined = match fixture.options["undefined"].as_str() {
                    Some("strict") => "Strict",
                    Some("chainable") => "Chainable",
                    _ => "Lenient",
                };
                let _ = writeln!(calls, "outcome(Undefined::{undefined}, &F{number}(&Shape{shape}::new())),");
                accepted.push(fixture);
            }
            Err(error) => refused.push((fixture, error)),
        }
    }
    let _ = writeln!(program, "fn main() {{ println!(\"{{}}\", serde_json::Value::from(vec![{calls}])); }}");
    let outcomes = run(&program);
    assert_eq!(outcomes.len(), accepted.len());
    let mut failures = Vec::new();
    for (fixture, theirs) in accepted.iter().zip(outcomes) {
        let ours = fixture.outcome();
        let agrees = match (&ours, theirs["output"].as_str()) {
            (Ok(ours), Some(theirs)) => ours == theirs,
            (Err(_), None) => true,
            _ => false,
        };
        // What is drawn by lot is different every time.
        if !agrees && !fixture.templates.values().any(|text| text.contains("random") || text.contains("lipsum")) {
            let path = fixture.path.display();
            failures.push(format!("{path} {:?}\n  run time {ours:?}\n  compiled {theirs}", fixture.templates));
        }
    }
    if std::env::var_os("SHOW_REFUSED").is_some() {
        for (fixture, error) in &refused {
            eprintln!("REFUSED {} {error}\n", fixture.path.display());
        }
    }
    let all = fixtures.len();
    eprintln!("{} of {all} were compiled", accepted.len());
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), accepted.len(), failures.join("\n"));
    assert!(accepted.len() * 10 > all * 7, "only {} of {all} were compiled", accepted.len());
}

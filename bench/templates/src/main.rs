//! Rendering and compiling beside minijinja and askama, in CPU time of one process. Ratios are what counts.
//!
//! `cargo run --release [-- --quick]` prints a table; `-- profile CASE ENGINE COUNT` renders one case that often, for
//! a profiler.

mod clock;
mod data;

use std::hint::black_box;

use covet_template::{Engine, Format};

use crate::clock::fastest;
use crate::data::Data;

pub(crate) const TEMPLATES: [(&str, &str); 6] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("nav.html", include_str!("../templates/nav.html")),
    ("page.html", include_str!("../templates/page.html")),
    ("table.html", include_str!("../templates/table.html")),
    ("teams.html", include_str!("../templates/teams.html")),
    ("text.html", include_str!("../templates/text.html")),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let data = Data::new();
    if let [first, case, engine, count] = arguments.as_slice()
        && first == "profile"
    {
        return profile(&data, case, engine, count.parse().expect("a count"));
    }
    let batches = if arguments.iter().any(|argument| argument == "--quick") { 5 } else { 25 };
    println!("| case | covet µs | minijinja µs | askama µs | covet / minijinja | gate | covet / askama | gate |");
    println!("|---|---|---|---|---|---|---|---|");
    for case in CASES {
        case.measure(&data, batches);
    }
    compiling(batches);
    overhead(&data, batches);
}

struct Case {
    name: &'static str,
    template: &'static str,
    gates: [f64; 2],
    /// How often it runs between two looks at the clock.
    count: u32,
}

const CASES: [Case; 6] = [
    Case { name: "page", template: "page.html", gates: [0.35, 3.0], count: 100 },
    Case { name: "table", template: "table.html", gates: [0.30, 7.0], count: 10 },
    Case { name: "small", template: "teams.html", gates: [0.35, 9.0], count: 3000 },
    Case { name: "escape 0 %", template: "text.html", gates: [f64::NAN, 0.5], count: 100 },
    Case { name: "escape 2 %", template: "text.html", gates: [f64::NAN, 0.6], count: 100 },
    Case { name: "escape 12 %", template: "text.html", gates: [f64::NAN, 1.0], count: 50 },
];

fn ours() -> Engine {
    let mut engine = Engine::new();
    engine.add_embedded(&TEMPLATES);
    engine
}

fn theirs() -> minijinja::Environment<'static> {
    let mut environment = minijinja::Environment::new();
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).expect("a template");
    }
    environment
}

impl Case {
    fn measure(&self, data: &Data, batches: u32) {
        let engine = ours();
        let environment = theirs();
        let template = environment.get_template(self.template).expect("a template");
        // Their context is converted once, outside of the time.
        let value = data.value(self.name);
        let expected = plain(&template.render(&value).expect("a page"));
        assert_eq!(plain(&engine.render(self.template, &data.serde(self.name)).expect("a page")), expected);
        assert_eq!(plain(&data.askama(self.name)), expected, "askama renders {} alike", self.name);
        let serde = fastest(batches, self.count, || engine.render(self.template, &data.serde(self.name)).expect("a page").len());
        let minijinja = fastest(batches, self.count, || template.render(&value).expect("a page").len());
        let askama = fastest(batches, self.count, || data.askama(self.name).len());
        let ready = engine.template(self.template).expect("a template");
        assert_eq!(plain(&ready.render(data.borrowed(self.name)).expect("a page")), expected);
        let borrowed = fastest(batches, self.count, || ready.render(data.borrowed(self.name)).expect("a page").len());
        let rendered = ready.render(data.borrowed(self.name)).expect("a page");
        assert_eq!(data.compiled(self.name), rendered, "{} is the same compiled to Rust", self.name);
        let compiled = fastest(batches, self.count, || data.compiled(self.name).len());
        self.line("borrowed", borrowed, minijinja, askama, self.gates);
        self.line("serde", serde, minijinja, askama, self.gates);
        self.line("compiled to Rust", compiled, minijinja, askama, [f64::NAN, 1.2]);
    }

    fn line(&self, way: &str, covet: f64, minijinja: f64, askama: f64, gates: [f64; 2]) {
        let [gate, askama_gate] = gates;
        let gate = if gate.is_nan() { String::new() } else { format!("{gate:.2}") };
        println!(
            "| {}, {way} | {covet:.2} | {minijinja:.2} | {askama:.2} | {:.2} | {gate} | {:.2} | {askama_gate} |",
            self.name,
            covet / minijinja,
            covet / askama,
        );
    }
}

/// A page without the differences that the engines are free to have.
fn plain(page: &str) -> String {
    let spelled = page.replace("&#x2f;", "/").replace("&#60;", "&lt;").replace("&#62;", "&gt;").replace("&#38;", "&amp;");
    spelled.replace("&#x27;", "&#39;").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn compiling(batches: u32) {
    let page = TEMPLATES[2].1;
    let covet = fastest(batches, 300, || {
        let mut engine = Engine::new();
        engine.add("page.html", page).expect("a template");
        1
    });
    let minijinja = fastest(batches, 300, || {
        let mut environment = minijinja::Environment::new();
        environment.add_template("page.html", page).expect("a template");
        1
    });
    println!("| compile page.html | {covet:.2} | {minijinja:.2} | | {:.2} | 3.00 | | |", covet / minijinja);
}

/// What the clock of the budget and the positions cost: the same page without a deadline, and as XML-like text.
fn overhead(data: &Data, batches: u32) {
    let mut free = ours();
    free.budget_mut().time = None;
    let engine = ours();
    let mut format = ours();
    format.set_format(Some(Format::Text));
    let render = |engine: &Engine| engine.render("page.html", &data.serde("page")).expect("a page").len();
    let (mut all, mut timeless) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        all = all.min(fastest(batches, 100, || render(&engine)));
        timeless = timeless.min(fastest(batches, 100, || render(&free)));
    }
    println!("| budget with and without a deadline | {all:.2} | {timeless:.2} | | {:.3} | 1.03 | | |", all / timeless);
}

fn profile(data: &Data, case: &str, engine: &str, count: u32) {
    let case = CASES.iter().find(|known| known.name == case).expect("a case");
    let covet = ours();
    let environment = theirs();
    let template = environment.get_template(case.template).expect("a template");
    let value = data.value(case.name);
    for _ in 0..count {
        black_box(match engine {
            "serde" => covet.render(case.template, &data.serde(case.name)).expect("a page").len(),
            "borrowed" => {
                let template = covet.template(case.template).expect("a template");
                template.render(data.borrowed(case.name)).expect("a page").len()
            }
            "minijinja" => template.render(&value).expect("a page").len(),
            "compiled" => data.compiled(case.name).len(),
            "askama" => data.askama(case.name).len(),
            _ => panic!("borrowed, serde, compiled, minijinja or askama"),
        });
    }
}

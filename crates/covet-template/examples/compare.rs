//! Compares rendering with minijinja in one process; the ratios are what counts.
//!
//! `cargo run --release -p covet-template --example compare`

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use covet_template::Engine;
use serde_json::{Value, json};

const LAYOUT: &str = r#"<!doctype html><html><head><title>{% block title %}Shop{% endblock %}</title></head>
<body>{% include "nav.html" %}<main>{% block content %}{% endblock %}</main></body></html>"#;
const NAV: &str = r#"<nav>{% for link in nav %}<a href="{{ link.url }}">{{ link.text }}</a>{% endfor %}</nav>"#;
const PAGE: &str = r#"{% extends "layout.html" %}{% macro price(cents) %}<b>{{ cents // 100 }}.{{ cents % 100 }}</b>{% endmacro %}
{% block title %}{{ title }}{% endblock %}
{% block content %}<h1>{{ title|upper }}</h1><ul>
{% for product in products %}<li class="{{ 'odd' if loop.index is odd else 'even' }}">
<a href="/products/{{ product.id }}">{{ product.name }}</a> {{ price(product.price) }}
{% if product.stock > 0 %}<span>{{ product.stock }} left</span>{% else %}<em>sold out</em>{% endif %}
<p>{{ product.description|trim }}</p></li>{% endfor %}</ul>{% endblock %}"#;
const TABLE: &str =
    "<table>{% for row in table %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>";
const TEAMS: &str = r#"<h1>CSL: {{ year }}</h1><ul>{% for team in teams %}<li class="{% if loop.first %}champion{% endif %}">
<b>{{ team.name }}</b>: {{ team.score }}</li>{% endfor %}</ul>"#;
const TEXT: &str = "{{ text }}";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let templates = [
        ("layout.html", LAYOUT),
        ("nav.html", NAV),
        ("page.html", PAGE),
        ("table.html", TABLE),
        ("teams.html", TEAMS),
        ("text.html", TEXT),
    ];
    let mut ours = Engine::new();
    ours.add_embedded(&templates);
    let mut theirs = minijinja::Environment::new();
    for (name, text) in templates {
        theirs.add_template(name, text)?;
    }
    let products: Vec<Value> = (0..50)
        .map(|id| {
            json!({
                "id": id, "name": format!("Product <{id}>"), "price": 1999 + id, "stock": id % 4,
                "description": "A thing of beauty & a joy forever: its loveliness increases; it will never pass away.",
            })
        })
        .collect();
    let nav: Vec<Value> = (0..5).map(|id| json!({ "url": format!("/section/{id}"), "text": "Section" })).collect();
    let table: Vec<Vec<u32>> = (0..100).map(|row| (0..100).map(|cell| row * cell).collect()).collect();
    let teams = json!([{"name": "Jiangsu", "score": 43}, {"name": "Beijing", "score": 27},
        {"name": "Guangzhou", "score": 22}, {"name": "Shandong", "score": 12}]);
    let clean = "nothing to escape here at all. ".repeat(2114);
    let mixed: String = clean.char_indices().map(|(at, c)| if at % 50 == 0 { '<' } else { c }).collect();
    let full: String = clean.char_indices().map(|(at, c)| if at % 8 == 0 { '&' } else { c }).collect();
    let cases = [
        ("page", "page.html", json!({ "title": "Products", "products": products, "nav": nav })),
        ("table", "table.html", json!({ "table": table })),
        ("small", "teams.html", json!({ "year": 2015, "teams": teams })),
        ("escape 0 %", "text.html", json!({ "text": clean })),
        ("escape 2 %", "text.html", json!({ "text": mixed })),
        ("escape 12 %", "text.html", json!({ "text": full })),
    ];
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<12} {:>10} {:>10} {:>7}", "case", "covet", "minijinja", "ratio")?;
    for (name, template, context) in &cases {
        let covet = fastest(|| ours.render(template, context).expect("a rendered template").len());
        let template = theirs.get_template(template)?;
        // Their context is converted once, outside of the time; ours is converted in every rendering.
        let converted = minijinja::Value::from(minijinja::value::Serde(context));
        let minijinja = fastest(|| template.render(converted.clone()).expect("a rendered template").len());
        line(&mut out, name, covet, minijinja)?;
    }
    let covet = fastest(|| {
        let mut engine = Engine::new();
        engine.add("page.html", PAGE).expect("a compiled template");
        1
    });
    let minijinja = fastest(|| {
        let mut environment = minijinja::Environment::new();
        environment.add_template("page.html", PAGE).expect("a compiled template");
        1
    });
    line(&mut out, "compile", covet, minijinja)?;
    Ok(())
}

fn line(out: &mut dyn Write, name: &str, covet: Duration, minijinja: Duration) -> std::io::Result<()> {
    let ratio = covet.as_secs_f64() / minijinja.as_secs_f64();
    writeln!(out, "{name:<12} {covet:>10.1?} {minijinja:>10.1?} {ratio:>7.2}")
}

/// The shortest time of many batches, which is the one that was disturbed least.
fn fastest(mut run: impl FnMut() -> usize) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..25 {
        let start = Instant::now();
        for _ in 0..40 {
            black_box(run());
        }
        best = best.min(start.elapsed() / 40);
    }
    best
}

//! What is rendered, the same for all engines.

use askama::Template;
use covet_macros::Context;
use covet_template::Render;
use serde::Serialize;

#[derive(Context, Serialize, Template, covet_macros::Template)]
#[context(crate = covet_template)]
#[template(path = "page.html")]
pub(crate) struct Page {
    title: String,
    nav: Vec<Link>,
    products: Vec<Product>,
}

#[derive(Context, Serialize)]
#[context(crate = covet_template)]
struct Link {
    id: u32,
    text: String,
}

#[derive(Context, Serialize)]
#[context(crate = covet_template)]
struct Product {
    id: u32,
    name: String,
    price: u32,
    stock: u32,
    description: String,
}

#[derive(Context, Serialize, Template, covet_macros::Template)]
#[context(crate = covet_template)]
#[template(path = "table.html")]
pub(crate) struct Table {
    table: Vec<Vec<u32>>,
}

#[derive(Context, Serialize, Template, covet_macros::Template)]
#[context(crate = covet_template)]
#[template(path = "teams.html")]
pub(crate) struct Teams {
    year: u32,
    teams: Vec<Team>,
}

#[derive(Context, Serialize)]
#[context(crate = covet_template)]
struct Team {
    name: String,
    score: u32,
}

#[derive(Context, Serialize, Template, covet_macros::Template)]
#[context(crate = covet_template)]
#[template(path = "text.html")]
pub(crate) struct Text {
    text: String,
}

/// One context of any kind.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Any<'d> {
    Page(&'d Page),
    Table(&'d Table),
    Teams(&'d Teams),
    Text(&'d Text),
}

pub(crate) struct Data {
    page: Page,
    table: Table,
    teams: Teams,
    texts: [Text; 3],
}

impl Data {
    pub(crate) fn new() -> Self {
        let clean = "nothing to escape here at all. ".repeat(2114);
        let every = |step: usize, sign: char| Text {
            text: clean.char_indices().map(|(at, c)| if at % step == 0 { sign } else { c }).collect(),
        };
        let description = "A thing of beauty & a joy forever: its loveliness increases; it will never pass away.";
        let team = |name: &str, score| Team { name: name.to_owned(), score };
        Self {
            page: Page {
                title: "Products".to_owned(),
                nav: (0..5).map(|id| Link { id, text: "Section".to_owned() }).collect(),
                products: (0..50)
                    .map(|id| Product {
                        id,
                        name: format!("Product <{id}>"),
                        price: 1999 + id,
                        stock: id % 4,
                        description: description.to_owned(),
                    })
                    .collect(),
            },
            table: Table { table: (0..100).map(|row| (0..100).map(|cell| row * cell).collect()).collect() },
            teams: Teams {
                year: 2015,
                teams: vec![team("Jiangsu", 43), team("Beijing", 27), team("Guangzhou", 22), team("Shandong", 12)],
            },
            texts: [Text { text: clean.clone() }, every(50, '<'), every(8, '&')],
        }
    }

    pub(crate) fn serde(&self, case: &str) -> Any<'_> {
        match case {
            "page" => Any::Page(&self.page),
            "table" => Any::Table(&self.table),
            "small" => Any::Teams(&self.teams),
            _ => Any::Text(self.text(case)),
        }
    }

    pub(crate) fn borrowed(&self, case: &str) -> &dyn covet_template::Context {
        match case {
            "page" => &self.page,
            "table" => &self.table,
            "small" => &self.teams,
            _ => self.text(case),
        }
    }

    fn text(&self, case: &str) -> &Text {
        &self.texts[["escape 0 %", "escape 2 %", "escape 12 %"].iter().position(|name| *name == case).unwrap_or(0)]
    }

    pub(crate) fn value(&self, case: &str) -> minijinja::Value {
        minijinja::Value::from(minijinja::value::Serde(self.serde(case)))
    }

    pub(crate) fn compiled(&self, case: &str) -> String {
        match case {
            "page" => Render::render(&self.page),
            "table" => Render::render(&self.table),
            "small" => Render::render(&self.teams),
            _ => Render::render(self.text(case)),
        }
        .expect("a page")
    }

    pub(crate) fn askama(&self, case: &str) -> String {
        match case {
            "page" => Template::render(&self.page),
            "table" => Template::render(&self.table),
            "small" => Template::render(&self.teams),
            _ => Template::render(self.text(case)),
        }
        .expect("a page")
    }
}

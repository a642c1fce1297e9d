//! A hostile value changes nothing in the parsed page but the text or the attribute where it stands.

use covet_template::{Engine, ErrorKind, Format};
use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

const HOSTILE: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x.js",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "';alert(1)//",
    "\");alert(1);//",
    "`${alert(1)}`",
    "*/alert(1)/*",
    "expression(alert(1))",
    "&quot; onclick=alert(1) x=&quot;",
];

const POSITIONS: [&str; 26] = [
    "<p>X</p>",
    "<p title=\"X\">a</p>",
    "<p title='X'>a</p>",
    "<a href=\"X\">a</a>",
    "<a href='/p/X'>a</a>",
    "<a href=\"/p?q=X\">a</a>",
    "<a href=\"/p#X\">a</a>",
    "<img src=\"X\">",
    "<img srcset=\"X 2x, /b.png\">",
    "<form action=\"X\"></form>",
    "<iframe src=\"X\"></iframe>",
    "<script src=\"X\"></script>",
    "<title>X</title>",
    "<textarea>X</textarea>",
    "<!-- X -->",
    "<script>var x = X;</script>",
    "<script>var x = \"X\";</script>",
    "<script>var x = 'X';</script>",
    "<script>var x = `X`;</script>",
    "<script>// X\nvar y;</script>",
    "<p onclick=\"f(X)\">a</p>",
    "<p onclick='f(\"X\")'>a</p>",
    "<style>p { color: X }</style>",
    "<p style=\"color: X\">a</p>",
    "<style>p { font-family: \"X\" }</style>",
    "<iframe srcdoc=\"X\"></iframe>",
];

fn render(position: &str, value: &str) -> String {
    let mut engine = Engine::new();
    engine.set_format(Some(Format::Html));
    let template = position.replace('X', "{{ x }}");
    let context = std::collections::BTreeMap::from([("x", value)]);
    engine.render_text(&template, &context).unwrap_or_else(|error| panic!("{position}: {error:#}"))
}

/// The elements and the names of their attributes, which no value may change.
fn shape(html: &str) -> String {
    let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(html);
    let mut shape = String::new();
    describe(&dom.document, &mut shape);
    shape
}

fn describe(node: &Handle, shape: &mut String) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let names: Vec<String> = attrs.borrow().iter().map(|attribute| attribute.name.local.to_string()).collect();
            shape.push_str(&format!("<{} {}>", name.local, names.join(" ")));
        }
        NodeData::Comment { .. } => shape.push_str("<!---->"),
        _ => {}
    }
    node.children.borrow().iter().for_each(|child| describe(child, shape));
    shape.push('/');
}

fn addresses(node: &Handle, found: &mut Vec<String>) {
    if let NodeData::Element { attrs, .. } = &node.data {
        for attribute in attrs.borrow().iter() {
            if matches!(&*attribute.name.local, "href" | "src" | "action" | "srcset") {
                found.push(attribute.value.to_string());
            }
        }
    }
    node.children.borrow().iter().for_each(|child| addresses(child, found));
}

#[test]
fn a_hostile_value_changes_no_element_and_no_attribute() {
    for position in POSITIONS {
        // An empty text has no node, so that shapes are compared with that of a harmless text.
        let harmless = shape(&render(position, "x"));
        for value in HOSTILE {
            let html = render(position, value);
            assert_eq!(text_free(&shape(&html)), text_free(&harmless), "{position} with {value}: {html}");
        }
    }
}

fn text_free(shape: &str) -> String {
    shape.replace("//", "/")
}

#[test]
fn an_address_never_runs_anything() {
    for position in POSITIONS {
        for value in HOSTILE {
            let html = render(position, value);
            let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(&*html);
            let mut found = Vec::new();
            addresses(&dom.document, &mut found);
            for address in found {
                let plain: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
                let plain = plain.to_lowercase();
                let runs = ["javascript:", "data:", "vbscript:"].iter().any(|scheme| plain.starts_with(scheme));
                assert!(!runs, "{position} with {value}: {html}");
            }
        }
    }
}

#[test]
fn scripts_and_styles_hold_no_character_that_ends_a_value() {
    for position in ["<script>X</script>", "<script>'X'</script>", "<script>`X`</script>", "<script>/X/</script>"] {
        let frame = position.replace('X', "");
        for value in HOSTILE {
            let html = render(position, value);
            let value = &html[frame.find("</script>").unwrap_or(0).min(8)..html.rfind("</script>").unwrap_or(0)];
            let inner = value.trim_matches(['"', '\'', '`', '/']);
            assert!(inner.chars().all(|c| c.is_ascii_alphanumeric() || " _\\".contains(c)), "{html}");
        }
    }
    for value in HOSTILE {
        let html = render("<style>p { color: X }</style>", value);
        let inner = html.trim_start_matches("<style>p { color: ").trim_end_matches(" }</style>");
        assert!(!inner.contains(['(', ')', ';', '{', '}', '<', ':', '\\']), "{html}");
    }
}

#[test]
fn positions_without_a_safe_escaping_are_refused() {
    let refused = [
        "<p title={{ x }}>",
        "<{{ x }}>",
        "<p {{ x }}>",
        "<p {{ x }}=\"a\">",
        "<p data-{{ x }}=\"a\">",
        "<a href=\"javascript:f({{ x }})\">",
        "<a href=\"data:{{ x }}\">",
        "<style>p { background: url({{ x }}) }</style>",
        "<meta http-equiv=\"refresh\" content=\"{{ x }}\">",
        "<meta content=\"{{ x }}\" http-equiv=\"refresh\">",
        "<script type=\"{{ x }}\"></script>",
        "<noembed>{{ x }}</noembed>",
        "{% if a %}<a href=\"{% endif %}{{ x }}",
        "{% for a in b %}<!-- {% endfor %}{{ x }}",
        "{% macro m() %}<a href=\"{% endmacro %}",
        "{% set y %}<script>{% endset %}",
        "{% if a %}<script>{% else %}<style>{% endif %}{{ x }}",
    ];
    for template in refused {
        let mut engine = Engine::new();
        engine.set_format(Some(Format::Html));
        let error = engine.render_text(template, &()).expect_err(template);
        assert_eq!(error.kind(), ErrorKind::UnsafePosition, "{template}: {error:#}");
        assert!(error.help().is_some() || template.contains("set") || template.contains("macro"), "{template}");
    }
}

#[test]
fn attributes_may_be_chosen_by_branches() {
    let accepted = [
        "<option{% if a %} selected{% endif %}>{{ x }}</option>",
        "<p class=\"{% if a %}b{% else %}c {{ x }}{% endif %}\">",
        "<a href=\"{% if a %}/b{% else %}{{ x }}{% endif %}\">",
        "<p {% if a %}id=\"{{ x }}\"{% endif %} title=\"{{ x }}\">",
        "<ul{{ {'class': x}|xmlattr }}>",
        "<meta name=\"description\" content=\"{{ x }}\">",
        "<meta http-equiv=\"refresh\" content=\"5; url={{ x }}\">",
        "{% for a in [1] %}<p id=\"{{ a }}\">{% endfor %}",
    ];
    for template in accepted {
        let mut engine = Engine::new();
        engine.set_format(Some(Format::Html));
        let context = std::collections::BTreeMap::from([("x", "x"), ("a", "")]);
        engine.render_text(template, &context).unwrap_or_else(|error| panic!("{template}: {error:#}"));
    }
}

#[test]
fn a_block_is_escaped_for_the_place_of_its_parent() {
    let mut engine = Engine::new();
    let layout = "<a href=\"{% block link %}/{% endblock %}\" title=\"{% block t %}{% endblock %}\">\
                  <script>var x = {% block script %}1{% endblock %};</script>";
    engine.add("layout.html", layout).expect("a layout");
    let page = "{% extends 'layout.html' %}{% block link %}{{ x }}{% endblock %}{% block t %}{{ x }}{% endblock %}\
                {% block script %}{{ x }}{% endblock %}";
    engine.add("page.html", page).expect("a page");
    let context = std::collections::BTreeMap::from([("x", "javascript:\"<")]);
    let html = engine.render("page.html", &context).expect("a rendered page");
    let expected = "<a href=\"#blocked\" title=\"javascript:&#34;&lt;\">\
                    <script>var x = \"javascript\\u003A\\u0022\\u003C\";</script>";
    assert_eq!(html, expected);
}

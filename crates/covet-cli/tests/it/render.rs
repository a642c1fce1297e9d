//! `covet render`.

use std::path::Path;

use super::{answer, covet};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn render(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<&str> = ["render"].iter().chain(arguments).copied().collect();
    answer(covet(folder, &arguments, "from {{ 'stdin' }}: {{ n }}"))
}

#[test]
fn a_file_is_rendered_with_a_context_from_the_line_or_a_file() {
    let folder =
        folder(&[("page.html", "<p>{{ name }}</p>\n"), ("page.txt", "{{ name }}\n"), ("c.json", r#"{"name": "<b>"}"#)]);
    let check = |arguments: &[&str], expected: &str| {
        let (code, out, err) = render(folder.path(), arguments);
        assert_eq!((code, out.as_str()), (0, expected), "{arguments:?}: {err}");
    };
    let line = r#"{"name": "a & b"}"#;
    check(&["page.html", "--context", line], "<p>a &amp; b</p>");
    check(&["page.html", "--context", "c.json"], "<p>&lt;b&gt;</p>");
    check(&["page.html", "--context", line, "--autoescape", "none"], "<p>a & b</p>");
    check(&["page.txt", "--context", line], "a & b");
    check(&["page.txt", "--context", line, "--autoescape", "json"], "\"a \\u0026 b\"");
    check(&["page.txt", "--context", line, "--keep-trailing-newline"], "a & b\n");
    check(&["-", "--context", r#"{"n": 7}"#], "from stdin: 7");
}

#[test]
fn other_templates_come_from_the_folder() {
    let folder = folder(&[
        ("shop/base.html", "<title>{% block title %}{% endblock %}</title>"),
        ("shop/sub/page.html", "{% extends 'base.html' %}{% block title %}{% include 'part.html' %}{% endblock %}"),
        ("shop/part.html", "{{ 1 < 2 }}"),
        ("shop/flat.html", "{% include 'part.html' %}"),
    ]);
    let (code, out, err) = render(folder.path(), &["shop/flat.html"]);
    assert_eq!((code, out.as_str()), (0, "True"), "{err}");
    let (code, out, err) = render(folder.path(), &["shop/sub/page.html", "--dir", "shop"]);
    assert_eq!((code, out.as_str()), (0, "<title>True</title>"), "{err}");
    let (code, _, err) = render(folder.path(), &["shop/sub/page.html"]);
    assert_eq!(code, 9, "{err}");
    assert!(err.contains("there is no template `base.html`") && err.contains("--> page.html:1:"), "{err}");
}

#[test]
fn what_is_undefined_prints_as_nothing_unless_told_otherwise() {
    let folder = folder(&[("a.txt", "[{{ x }}]"), ("b.txt", "[{{ x.y }}]")]);
    let check = |arguments: &[&str], expected: (i32, &str)| {
        let (code, out, err) = render(folder.path(), arguments);
        assert_eq!((code, out.as_str()), expected, "{arguments:?}: {err}");
    };
    check(&["a.txt"], (0, "[]"));
    check(&["b.txt"], (9, ""));
    check(&["b.txt", "--undefined", "chainable"], (0, "[]"));
    check(&["a.txt", "--undefined", "strict"], (9, ""));
}

#[test]
fn the_syntax_can_be_chosen() {
    let folder = folder(&[
        ("trim.txt", "  {% if true %}\nx\n  {% endif %}\ny"),
        ("lines.txt", "# for i in [1, 2]\n{{ i }} // a number\n# endfor\n"),
        ("tex.txt", "<%if true%>${ 1 + 1 }<%endif%><#c#>"),
    ]);
    let check = |arguments: &[&str], expected: &str| {
        let (code, out, err) = render(folder.path(), arguments);
        assert_eq!((code, out.as_str()), (0, expected), "{arguments:?}: {err}");
    };
    check(&["trim.txt"], "  \nx\n  \ny");
    check(&["trim.txt", "--trim-blocks", "--lstrip-blocks"], "x\ny");
    check(&["lines.txt", "--line-statement-prefix", "#", "--line-comment-prefix", "//"], "1\n2\n");
    let block = ["--block-start-string", "<%", "--block-end-string", "%>"];
    let variable = ["--variable-start-string", "${", "--variable-end-string", "}"];
    let comment = ["--comment-start-string", "<#", "--comment-end-string", "#>"];
    check(&[&["tex.txt"][..], &block, &variable, &comment].concat(), "2");
}

#[test]
fn an_error_shows_its_place() {
    let folder = folder(&[("page.html", "<p>\n{{ name|uper }}</p>\n")]);
    let (code, out, err) = render(folder.path(), &["page.html"]);
    assert_eq!((code, out.as_str()), (8, ""));
    let expected = "error: unknown filter `uper`\n  --> page.html:2:9\n  |\n2 | {{ name|uper }}</p>\n  |         ^^^^\n  \
                    help: did you mean `upper`?\n";
    assert_eq!(err, expected);
}

#[test]
fn exit_codes_tell_errors_apart() {
    let folder = folder(&[
        ("bomb.txt", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"),
        ("unsafe.html", "<{{ tag }}>"),
        ("safe.html", "{{ x|safe }}"),
        ("fails.txt", "{{ 1 // 0 }}"),
    ]);
    let code = |arguments: &[&str]| render(folder.path(), arguments).0;
    assert_eq!(code(&["bomb.txt"]), 10);
    assert_eq!(code(&["unsafe.html"]), 8);
    assert_eq!(code(&["safe.html"]), 0);
    assert_eq!(code(&["safe.html", "--policy", "tenant"]), 8);
    assert_eq!(code(&["fails.txt"]), 9);
    assert_eq!(code(&["missing.txt"]), 1);
    assert_eq!(code(&["fails.txt", "--context", "7"]), 2);
    assert_eq!(code(&[]), 2);
}

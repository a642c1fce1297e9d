//! Values in scripts, before a real engine of JavaScript, where there is `node` (or `COVET_NODE`).

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use covet_template::{Engine, Format};
use serde_json::{Value, json};

const VALUES: [&str; 22] = [
    "alert(1)",
    "');alert(1);('",
    "\");alert(1);(\"",
    "`;alert(1);`",
    "${alert(1)}",
    "*/alert(1)/*",
    "\nalert(1)\n",
    "\u{2028}alert(1)\u{2029}",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\\",
    "\\');alert(1)//",
    "/;alert(1);/",
    "]/;alert(1)//",
    "}};alert(1);{{",
    "1;alert(1)",
    "true",
    "é😀\u{0}",
    "a`b'c\"d",
    "//",
    "#{}",
    "__proto__",
];

/// Scripts with a hole in every kind of place; the last part says whether the place is a literal, whose text `seen` is.
const SCRIPTS: [(&str, bool); 12] = [
    ("seen({{ x }});", true),
    ("seen('{{ x }}');", true),
    ("seen(\"{{ x }}\");", true),
    ("seen(`{{ x }}`);", true),
    ("var a = {{ x }}; seen(a);", true),
    ("seen([{{ x }}][0]);", true),
    ("seen({a: {{ x }}}.a);", true),
    ("var f = 1 / 2; seen('{{ x }}');", true),
    ("/{{ x }}/;", false),
    ("// {{ x }}\nvar b;", false),
    ("/* {{ x }} */ var b;", false),
    ("`${ {{ x }} }`;", false),
];

const RUNNER: &str = r#"
const vm = require("vm");
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const answers = JSON.parse(text).map((code) => {
    let fired = false, seen = null, wrong = null;
    try {
      vm.runInNewContext(code, { alert: () => (fired = true), seen: (value) => (seen = value) }, { timeout: 1000 });
    } catch (error) {
      wrong = String(error);
    }
    return { fired, seen, wrong };
  });
  process.stdout.write(JSON.stringify(answers));
});
"#;

fn run(scripts: &[String]) -> Option<Vec<Value>> {
    let node = std::env::var("COVET_NODE").unwrap_or_else(|_| "node".to_owned());
    let mut child =
        Command::new(node).args(["-e", RUNNER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let input = serde_json::to_vec(scripts).expect("scripts as JSON");
    child.stdin.take().expect("a pipe").write_all(&input).expect("writing to node");
    let output = child.wait_with_output().expect("node's answer");
    Some(serde_json::from_slice(&output.stdout).expect("answers as JSON"))
}

#[test]
fn values_in_scripts_run_nothing_and_arrive_whole() {
    let mut engine = Engine::new();
    engine.set_format(Some(Format::Html));
    let mut scripts = Vec::new();
    for (script, _) in SCRIPTS {
        for value in VALUES {
            let page = format!("<script>{script}</script>");
            let html = engine.render_text(&page, &BTreeMap::from([("x", value)])).expect("a page");
            let code = html.strip_prefix("<script>").and_then(|rest| rest.strip_suffix("</script>")).expect("a script");
            scripts.push(code.to_owned());
        }
    }
    let Some(answers) = run(&scripts) else {
        eprintln!("SKIPPED: there is no node, so nothing was run; set COVET_NODE to one");
        return;
    };
    for (index, (answer, code)) in answers.iter().zip(&scripts).enumerate() {
        let (script, is_literal) = SCRIPTS[index / VALUES.len()];
        assert_eq!(answer["fired"], json!(false), "{code}");
        if is_literal {
            assert_eq!(answer["seen"], json!(VALUES[index % VALUES.len()]), "{script}: {code}: {}", answer["wrong"]);
        }
    }
}

//! Templates that try to exhaust the stack, the memory or the time of the process end in an error, and soon.

use std::process::Command;
use std::time::{Duration, Instant};

use covet_template::{Engine, ErrorKind, Undefined};

/// Without optimization everything takes some ten times as long.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

/// What one attack may add to the memory of the process, in KiB.
const MEMORY: u64 = 64 << 10;

/// Set for the process that runs the attacks alone, so that its memory is theirs.
const ALONE: &str = "COVET_ATTACKS_ALONE";

/// CPU time of this thread, where the system says it; ticks are enough for a limit of a second.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// A line of the process's status, in KiB.
fn status(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').trim().split(' ').next()?.parse().ok()
}

/// The memory in use, from where the peak is measured anew.
fn reset_peak() -> Option<u64> {
    std::env::var_os(ALONE)?;
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    status("VmRSS")
}

fn check_peak(name: &str, before: Option<u64>) {
    if let (Some(before), Some(peak)) = (before, status("VmHWM")) {
        let grown = peak.saturating_sub(before);
        assert!(grown <= MEMORY, "{name} took {grown} KiB");
    }
}

/// Runs on a stack of 2 MiB, as the threads of a server have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no panic and no overflow");
}

fn check_error(name: &str, text: String) {
    check_with(name, vec![("main", text)]);
}

fn check_with(name: &str, templates: Vec<(&str, String)>) {
    let name = name.to_owned();
    let templates: Vec<(String, String)> = templates.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    on_a_small_stack(move || {
        let mut engine = Engine::new();
        engine.set_undefined(Undefined::Lenient);
        let borrowed: Vec<(&str, &str)> = templates.iter().map(|(name, text)| (&**name, &**text)).collect();
        engine.add_embedded(&borrowed);
        let before = reset_peak();
        let (start, cpu) = (Instant::now(), cpu_time());
        let outcome = engine.render("main", &());
        let spent = cpu_time().zip(cpu).map_or(start.elapsed(), |(now, before)| now - before);
        check_peak(&name, before);
        let error = outcome.err().unwrap_or_else(|| panic!("{name} renders"));
        assert!(matches!(error.kind(), ErrorKind::Syntax | ErrorKind::Budget | ErrorKind::Value), "{name}: {error:#}");
        assert!(spent < LIMIT, "{name} took {spent:?}");
    });
}

#[test]
fn attacks_take_little_memory() {
    // The other tests of this module run once more in a process of their own, one after the other.
    let program = std::env::current_exe().expect("this program");
    let attacks = ["attacks::deep_", "attacks::growing_", "attacks::templates_"];
    let output = Command::new(program).args(attacks).arg("--test-threads=1").env(ALONE, "1").output();
    let output = output.expect("the attacks in a process of their own");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("4 passed"), "the attacks were not found: {text}");
}

#[test]
fn deep_and_long_expressions_end_in_an_error() {
    for length in [7_000, 900_000, 7_000_000] {
        check_error("signs", format!("{{{{ {}1 }}}}", "-".repeat(length)));
    }
    for length in [5_000, 400_000] {
        check_error("parentheses", format!("{{{{ {}1{} }}}}", "(".repeat(length), ")".repeat(length)));
        check_error("open parentheses", format!("{{{{ {}", "(".repeat(length)));
        check_error("brackets", format!("{{{{ {}{} }}}}", "[".repeat(length), "]".repeat(length)));
        check_error("braces", format!("{{{{ {}", "{1:".repeat(length / 3)));
        check_error("subscripts", format!("{{{{ {}", "a[".repeat(length / 2)));
        check_error("calls", format!("{{{{ {}", "a(".repeat(length / 2)));
        check_error("not", format!("{{{{ {}1 }}}}", "not ".repeat(length / 2)));
        check_error("additions", format!("{{{{ 1{} }}}}", "+1".repeat(length / 2)));
        check_error("attributes", format!("{{{{ a{} }}}}", ".a".repeat(length / 2)));
        check_error("filters", format!("{{{{ 1{} }}}}", "|abs".repeat(length / 4)));
        check_error("tests", format!("{{{{ 1{} }}}}", " is a".repeat(length / 5)));
        check_error("else", format!("{{{{ {}1 }}}}", "1 if 0 else ".repeat(length / 12)));
        check_error("and", format!("{{{{ 1{} }}}}", " and 1".repeat(length / 6)));
        check_error("powers", format!("{{{{ 1{} }}}}", "**1".repeat(length / 3)));
        check_error("targets", format!("{{% set {}", "(".repeat(length)));
    }
}

#[test]
fn deep_statements_end_in_an_error() {
    for (open, close) in [
        ("{% if 1 %}", "{% endif %}"),
        ("{% for x in [1] %}", "{% endfor %}"),
        ("{% with %}", "{% endwith %}"),
        ("{% filter upper %}", "{% endfilter %}"),
        ("{% macro a() %}", "{% endmacro %}"),
        ("{% set x %}", "{% endset %}"),
        ("{% autoescape x %}", "{% endautoescape %}"),
        ("{% call a() %}", "{% endcall %}"),
    ] {
        check_error(open, format!("{}{}", open.repeat(5_000), close.repeat(5_000)));
        check_error(open, open.repeat(20_000));
    }
    let doubled = format!("{}x{}", "{% autoescape x %}".repeat(55), "{% endautoescape %}".repeat(55));
    check_error("doubled bodies", doubled);
}

#[test]
fn growing_texts_and_lists_end_in_an_error() {
    let cases = [
        "{{ 'a' * 10000000000 }}",
        "{{ 'a' * 9223372036854775807 }}",
        "{{ [1] * 10000000000 }}",
        "{{ (1,) * 9223372036854775807 }}",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=2) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{{ 10 ** 1000000 }}",
        "{{ range(1000000000) }}",
        "{{ range(0, 9223372036854775807) }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ '%99999999999999999999999d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:.1000000000f}'.format(1.5) }}",
        "{{ 'a'|center(10000000000) }}",
        "{{ 'a'.ljust(10000000000) }}",
        "{{ 'a'.zfill(10000000000) }}",
        "{{ 'a\nb'|indent(10000000000) }}",
        "{{ ('a' * 10000)|replace('a', 'b' * 10000) }}",
        "{{ ('a' * 10000).replace('', 'b' * 10000) }}",
        "{{ range(100000)|join('b' * 10000) }}",
        "{{ [1]|batch(1000000000, 1)|list }}",
        "{{ [1]|slice(1000000000)|list }}",
        "{{ lipsum(1000000000) }}",
        "{{ '\t'.expandtabs(1000000000) }}",
        "{{ ('a ' * 100000)|wordwrap(1, wrapstring='b' * 10000) }}",
        "{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{{ 'b' in x }}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{% set y = x|length %}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{% set y = x == x ~ '' %}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{% set y = x|upper %}{% endfor %}",
        "{% set x = range(100000)|list %}{% for i in range(100000) %}{% set y = -1 in x %}{% endfor %}",
        "{% set x = range(100000)|list %}{% for i in range(100000) %}{% set y = x|sort %}{% endfor %}",
        "{% set x = range(100000)|list %}{% for i in range(100000) %}{% set y = x|sum %}{% endfor %}",
        "{% set x = range(100000)|list %}{% for i in range(100000) %}{% do x.insert(0, 1) %}{% endfor %}",
        "{% set x = {} %}{% for i in range(100000) %}{% do x.update({i: i}) %}{% endfor %}",
        "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}",
        "{% set x = [] %}{% do x.append(x) %}{{ x }}",
        "{% set x = [] %}{% do x.append(x) %}{{ x|tojson }}",
        "{% set x = [] %}{% do x.append(x) %}{% for y in x %}{% do x.append(1) %}{% endfor %}",
        "{% set x = {} %}{% do x.update({'x': x}) %}{{ x|pprint }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(x) %}{% if x %}{{ m(x - 1) }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% macro m() %}{{ caller }}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for x in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% include 'main' %}",
        "{% extends 'main' %}",
        "{% import 'main' as m %}",
        "{% for i in range(100000) %}{% for j in range(100) %}{% set x = i ~ j %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% set x = [i] * 100 %}{% endfor %}",
        "{% for i in range(100000) %}{% set x = ('a b ' * 1000).split() %}{% endfor %}",
        "{% for i in range(100000) %}{% set x = ('<b>' * 1000)|striptags %}{% endfor %}",
        "{% for i in range(100000) %}{% set x = ('www.a.com ' * 1000)|urlize %}{% endfor %}",
        "{% for i in range(100000) %}{% set x = ('<' * 1000)|e %}{% endfor %}",
        "{{ ('<' * 1000000)|striptags }}{{ 1 / 0 }}",
        "{{ ('(' * 100000)|urlize }}{{ ('a@' * 100000)|urlize }}{{ 1 / 0 }}",
    ];
    for case in cases {
        check_error(case, case.to_owned());
    }
}

#[test]
fn templates_that_call_each_other_end_in_an_error() {
    let other = |text: &str| ("b", text.to_owned());
    check_with("includes", vec![("main", "{% include 'b' %}".to_owned()), other("{% include 'main' %}")]);
    check_with("parents", vec![("main", "{% extends 'b' %}".to_owned()), other("{% extends 'main' %}")]);
    check_with("imports", vec![("main", "{% import 'b' as b %}".to_owned()), other("{% import 'main' as m %}")]);
    let repeated = "{% for i in range(100000) %}{% include 'b' %}{% endfor %}".to_owned();
    check_with("many includes", vec![("main", repeated), other("x")]);
    let blocks = "{% block a %}{% include 'b' %}{% endblock %}".to_owned();
    check_with("blocks", vec![("main", blocks), other("{% extends 'main' %}")]);
}

#[test]
fn large_templates_compile_soon() {
    on_a_small_stack(|| {
        let large = [
            "{{ a }}".repeat(100_000),
            "{% set a = 1 %}".repeat(20_000),
            (0..30_000).map(|index| format!("{{{{ a{index} }}}}")).collect::<String>(),
            "{% if a %}{% endif %}".repeat(15_000),
            format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(20_000)),
            format!("{{{{ [{}] }}}}", "1,".repeat(90_000)),
            "<a href=\"{{ a }}\">".repeat(30_000),
            "{ { {{ '{{' }} } ".repeat(30_000),
        ];
        for text in large {
            let mut engine = Engine::new();
            engine.set_format(Some(covet_template::Format::Html));
            engine.set_undefined(Undefined::Lenient);
            let start = Instant::now();
            let _ = engine.render_text(&text, &());
            assert!(start.elapsed() < LIMIT, "{} took {:?}", &text[..30], start.elapsed());
        }
    });
}

#[test]
fn the_deepest_template_that_is_accepted_needs_no_more_stack() {
    on_a_small_stack(|| {
        let deep = format!("{}1{}", "[".repeat(55), "]".repeat(55));
        let long = format!("{deep}{}", "+ 1".repeat(80));
        let filters = format!("1{}", "|abs".repeat(100));
        let inside = format!("{{{{ {long} }}}}{{{{ {filters} }}}}");
        let text = format!("{}{inside}{}", "{% if 1 %}".repeat(55), "{% endif %}".repeat(55));
        let mut engine = Engine::new();
        engine.add("deep", &text).expect("a deep template compiles");
        assert!(engine.render("deep", &()).is_err(), "a list and a number cannot be added");
    });
}

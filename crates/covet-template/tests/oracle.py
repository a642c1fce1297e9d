"""Renders fixtures with Jinja2: reads a list of cases as JSON and prints a list of outcomes."""

import json
import sys

import jinja2


def outcome(case):
    options = case.get("options", {})
    undefined = {
        "lenient": jinja2.Undefined,
        "strict": jinja2.StrictUndefined,
        "chainable": jinja2.ChainableUndefined,
    }[options.get("undefined", "lenient")]
    names = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "line_statement_prefix", "line_comment_prefix")
    settings = {name: options[name] for name in names if name in options}
    for name in ("block", "variable", "comment"):
        if name in options:
            settings[f"{name}_start_string"], settings[f"{name}_end_string"] = options[name]
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(case["templates"]),
        undefined=undefined,
        autoescape=options.get("autoescape", False),
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        **settings,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    try:
        return {"output": environment.get_template("main").render(case.get("context", {}))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([outcome(case) for case in json.load(sys.stdin)], sys.stdout)

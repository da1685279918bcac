//! Types and tables, written from the manifest.

use std::fmt::Write;

use serde_json::Value;

const BY: &str =
    "// Written from custom-elements.json by a test: FMN_WRITE=1 cargo test -p widget --test manifest\n";

/// Who has types for elements of other makers, and how they are called there.
const ATTRIBUTES_TYPE: &str = "ForgetMeNotAttributes";

fn list<'a>(element: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    element[of].as_array().unwrap().iter()
}

fn name(it: &Value) -> &str {
    it["name"].as_str().unwrap()
}

fn kind(it: &Value) -> &str {
    it["type"]["text"].as_str().unwrap()
}

fn described(it: &Value) -> &str {
    it["description"].as_str().unwrap()
}

/// A member of a TypeScript declaration with its comment.
fn member(text: &mut String, indent: &str, about: &str, declaration: &str) {
    writeln!(text, "{indent}/** {about} */\n{indent}{declaration};").unwrap();
}

fn signature(method: &Value) -> String {
    let parameter = |it: &Value| {
        let optional = if it["optional"] == true { "?" } else { "" };
        format!("{}{optional}: {}", name(it), kind(it))
    };
    let parameters: Vec<_> = list(method, "parameters").map(parameter).collect();
    let before = if method["static"] == true { "static " } else { "" };
    let gives = method["return"]["type"]["text"].as_str().unwrap();
    format!("{before}{}({}): {gives}", name(method), parameters.join(", "))
}

/// The class, its events, and the tag.
pub fn types(element: &Value) -> String {
    let mut text = format!(
        "{BY}\n/** What your backend got from `POST /v1/sessions`. */\nexport interface Session {{\n  \
         client_secret: string;\n  expires_at: string;\n}}\n\nexport interface ForgetMeNotEventMap {{\n"
    );
    for event in list(element, "events") {
        member(&mut text, "  ", described(event), &format!("'{}': {}", name(event), kind(event)));
    }
    write!(
        text,
        "}}\n\n/** {} */\nexport declare class ForgetMeNot extends HTMLElement {{\n",
        described(element)
    )
    .unwrap();
    for attribute in list(element, "attributes") {
        let field = attribute["fieldName"].as_str().unwrap();
        // A framework may take any string out of a template.
        member(&mut text, "  ", described(attribute), &format!("{field}: {}", kind(attribute)));
    }
    for it in list(element, "members") {
        let declaration =
            if it["kind"] == "method" { signature(it) } else { format!("{}: {}", name(it), kind(it)) };
        member(&mut text, "  ", described(it), &declaration);
    }
    for verb in ["add", "remove"] {
        let options = if verb == "add" { "AddEventListenerOptions" } else { "EventListenerOptions" };
        for map in ["ForgetMeNotEventMap", "HTMLElementEventMap"] {
            writeln!(
                text,
                "  {verb}EventListener<K extends keyof {map}>(type: K, \
                 listener: (this: ForgetMeNot, event: {map}[K]) => unknown, options?: boolean | {options}): void;"
            )
            .unwrap();
        }
        writeln!(
            text,
            "  {verb}EventListener(type: string, listener: EventListenerOrEventListenerObject, \
             options?: boolean | {options}): void;"
        )
        .unwrap();
    }
    text.push_str("}\n\n/** What can be written on the tag. */\n");
    writeln!(text, "export interface {ATTRIBUTES_TYPE} {{").unwrap();
    for attribute in list(element, "attributes") {
        member(&mut text, "  ", described(attribute), &format!("{}?: {}", name(attribute), kind(attribute)));
    }
    for it in list(element, "members").filter(|it| it["kind"] == "field") {
        member(&mut text, "  ", described(it), &format!("{}?: {}", name(it), kind(it)));
    }
    text.push_str("}\n\ndeclare global {\n  interface HTMLElementTagNameMap {\n");
    writeln!(text, "    '{}': ForgetMeNot;\n  }}\n}}", element["tagName"].as_str().unwrap()).unwrap();
    text
}

/// Handlers of the element's events as a framework writes them on a tag.
fn handlers(text: &mut String, indent: &str, element: &Value, called: impl Fn(&str) -> String) {
    for event in list(element, "events") {
        let event_type = format!("ForgetMeNotEventMap['{}']", name(event));
        let declaration = format!("{}?: (event: {event_type}) => unknown", called(name(event)));
        member(text, indent, described(event), &declaration);
    }
}

fn begin(framework: &str) -> String {
    format!(
        "{BY}// Opt in: import type {{}} from 'forget-me-not/{framework}';\n\
         import type {{ ForgetMeNot, {ATTRIBUTES_TYPE}, ForgetMeNotEventMap }} from './forget-me-not.js';\n"
    )
}

/// The tag in React's JSX.
pub fn react(element: &Value) -> String {
    let mut text = begin("react");
    text.push_str("import type { DetailedHTMLProps, HTMLAttributes } from 'react';\n\n");
    writeln!(text, "interface Props extends {ATTRIBUTES_TYPE} {{").unwrap();
    handlers(&mut text, "  ", element, |event| format!("'on{event}'"));
    text.push_str(
        "}\n\ndeclare module 'react' {\n  namespace JSX {\n    interface IntrinsicElements {\n      \
         'forget-me-not': DetailedHTMLProps<HTMLAttributes<ForgetMeNot>, ForgetMeNot> & Props;\n    }\n  }\n}\n",
    );
    text
}

/// The tag in Vue's templates.
pub fn vue(element: &Value) -> String {
    let mut text = begin("vue");
    text.push_str("import type { HTMLAttributes, PublicProps } from 'vue';\n\n");
    writeln!(text, "interface Props extends {ATTRIBUTES_TYPE} {{").unwrap();
    handlers(&mut text, "  ", element, |event| {
        let mut letters = event.chars();
        let first = letters.next().unwrap().to_ascii_uppercase();
        // Vue spells `@fmn-ready` as onFmnReady.
        let camel = letters.as_str().split('-').fold(String::new(), |all, word| {
            let mut letters = word.chars();
            let first = letters.next().unwrap();
            let first = if all.is_empty() { first } else { first.to_ascii_uppercase() };
            format!("{all}{first}{}", letters.as_str())
        });
        format!("on{first}{camel}")
    });
    text.push_str(
        "}\n\ndeclare module 'vue' {\n  interface GlobalComponents {\n    'forget-me-not': new () => ForgetMeNot & {\n      \
         /** @deprecated for templates only */\n      $props: HTMLAttributes & PublicProps & Props;\n    };\n  }\n}\n",
    );
    text
}

/// The tag in Svelte's markup.
pub fn svelte(element: &Value) -> String {
    let mut text = begin("svelte");
    text.push_str("import type { HTMLAttributes } from 'svelte/elements';\n\n");
    writeln!(text, "interface Props extends {ATTRIBUTES_TYPE} {{").unwrap();
    handlers(&mut text, "  ", element, |event| format!("'on{event}'"));
    text.push_str(
        "}\n\ndeclare module 'svelte/elements' {\n  interface SvelteHTMLElements {\n    \
         'forget-me-not': HTMLAttributes<ForgetMeNot> & Props;\n  }\n}\n",
    );
    text
}

/// The document with its tables, each between two marks, written anew.
pub fn tables(document: &str, element: &Value) -> String {
    let mut document = document.to_owned();
    for of in ["attributes", "members", "events", "slots", "cssParts", "cssProperties"] {
        let (begin, end) = (format!("<!-- {of} -->\n"), format!("<!-- /{of} -->"));
        let from =
            document.find(&begin).unwrap_or_else(|| panic!("docs/embed.md has no {begin}")) + begin.len();
        let to = from + document[from..].find(&end).unwrap_or_else(|| panic!("docs/embed.md has no {end}"));
        document.replace_range(from..to, &table(element, of));
    }
    files(&document)
}

/// The document with files of the project where they are named. What is shown is what is tested.
fn files(document: &str) -> String {
    let (mut text, mut rest) = (String::new(), document);
    while let Some((before, after)) = rest.split_once("<!-- file ") {
        let (name, after) = after.split_once(" -->").unwrap();
        let (_, after) = after.split_once("<!-- /file -->").unwrap();
        let path = crate::project().join(name);
        let file = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
        let ending = path.extension().unwrap().to_str().unwrap();
        let language = if ending == "mjs" { "js" } else { ending };
        write!(text, "{before}<!-- file {name} -->\n```{language}\n{file}```\n<!-- /file -->").unwrap();
        rest = after;
    }
    text + rest
}

fn table(element: &Value, of: &str) -> String {
    let typed = ["attributes", "members", "events"].contains(&of);
    let mut text =
        String::from(if typed { "| Name | Type | |\n|---|---|---|\n" } else { "| Name | |\n|---|---|\n" });
    let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    for it in list(element, of) {
        let label = if name(it).is_empty() { "(no name)".to_owned() } else { code(name(it)) };
        if typed {
            let kind = if it["kind"] == "method" { signature(it) } else { kind(it).to_owned() };
            // Every event is a CustomEvent; what differs is its detail.
            let kind =
                kind.strip_prefix("CustomEvent<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(&kind);
            writeln!(text, "| {label} | {} | {} |", code(kind), described(it)).unwrap();
        } else {
            writeln!(text, "| {label} | {} |", described(it)).unwrap();
        }
    }
    text
}

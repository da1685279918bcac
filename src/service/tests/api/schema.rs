//! Whether an answer is what the document says: the part of JSON Schema that the document uses.

use serde_json::Value;

/// Panics where `value` is not as `schema` of the document says.
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Err(why) = fits(document, schema, value, true) {
        panic!("{at}: {why}\n{value:#}");
    }
}

/// `closed`: properties that the schema does not name are an error. Not within `allOf`, whose parts
/// name some each.
fn fits(document: &Value, schema: &Value, value: &Value, closed: bool) -> Result<(), String> {
    let object = schema.as_object().unwrap();
    for (keyword, rule) in object {
        match keyword.as_str() {
            "$ref" => {
                let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                let target = document.pointer(path).ok_or(format!("{path} does not exist"))?;
                fits(document, target, value, closed)?;
            }
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !types.iter().any(|name| is(name.as_str().unwrap(), value)) {
                    return Err(format!("{value} is not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    return Err(format!("{value} is none of {rule}"));
                }
            }
            "pattern" => {
                let prefix: String = rule.as_str().unwrap().chars().skip(1).take(4).collect();
                if !value.as_str().is_some_and(|text| text.starts_with(&prefix)) {
                    return Err(format!("{value} does not begin with {prefix}"));
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(document, rule, item, true)?;
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        return Err(format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(schema) => {
                            fits(document, schema, property, true).map_err(|why| format!("{name}: {why}"))?;
                        }
                        None if closed => return Err(format!("{name} is not described")),
                        None => {}
                    }
                }
            }
            "oneOf" => {
                let answers: Vec<_> =
                    rule.as_array().unwrap().iter().map(|s| fits(document, s, value, closed)).collect();
                if answers.iter().filter(|answer| answer.is_ok()).count() != 1 {
                    return Err(format!("not one of the alternatives: {answers:?}"));
                }
            }
            "allOf" => {
                for schema in rule.as_array().unwrap() {
                    fits(document, schema, value, false)?;
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) {
                    return Err(format!("{value} is less than {rule}"));
                }
            }
            "description" | "format" | "examples" => {}
            other => return Err(format!("the keyword {other} is not known to this test")),
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

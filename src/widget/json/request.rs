//! The contract's requests into JSON, and the names of what they are about.

use rules::{ErasureState, Kind, Scope, contract::NewErasure, scope::Filter};

use super::Json;

/// The name of a kind in the contract.
#[must_use]
pub const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Voice => "voice",
        Kind::Video => "video",
    }
}

/// The conditions of a filter as the contract names them, those that are set.
#[must_use]
pub fn conditions(filter: &Filter) -> Vec<(&'static str, String)> {
    [
        ("q", filter.q.clone()),
        ("from", filter.from.map(|at| at.to_string())),
        ("to", filter.to.map(|at| at.to_string())),
        ("device", filter.device.map(|id| id.to_string())),
        ("kind", filter.kind.map(|kind| kind_name(kind).to_owned())),
        ("class", filter.class.map(|class| class.name().to_owned())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The request for an erasure, or for its preview.
#[must_use]
pub fn encode_erasure(request: &NewErasure) -> String {
    let mut pairs = vec![
        ("scope".to_owned(), encode_scope(&request.scope)),
        ("include_kept".to_owned(), Json::Bool(request.include_kept)),
        ("waive_undo".to_owned(), Json::Bool(request.waive_undo)),
    ];
    push(&mut pairs, "child", request.child.map(|id| id.to_string()));
    push(&mut pairs, "as_of", request.as_of.map(|at| at.to_string()));
    let mut text = String::new();
    Json::Map(pairs).write(&mut text);
    text
}

fn push(pairs: &mut Vec<(String, Json)>, name: &str, value: Option<String>) {
    pairs.extend(value.map(|value| (name.to_owned(), Json::Text(value))));
}

/// The name of a state in the contract.
#[must_use]
pub const fn state_name(state: ErasureState) -> &'static str {
    match state {
        ErasureState::Sealed => "sealed",
        ErasureState::Erasing => "erasing",
        ErasureState::Deleted => "deleted",
        ErasureState::Cancelled => "cancelled",
    }
}

/// The name of a scope in the contract.
#[must_use]
pub const fn scope_name(scope: &Scope) -> &'static str {
    match scope {
        Scope::Items { .. } => "items",
        Scope::Range { .. } => "range",
        Scope::Class { .. } => "class",
        Scope::Search { .. } => "search",
        Scope::Child {} => "child",
        Scope::Everything {} => "everything",
    }
}

fn encode_scope(scope: &Scope) -> Json {
    let mut pairs = Vec::new();
    push(&mut pairs, "type", Some(scope_name(scope).to_owned()));
    match scope {
        Scope::Items { recordings } => {
            let ids = recordings.iter().map(|id| Json::Text(id.to_string())).collect();
            pairs.push(("recordings".to_owned(), Json::List(ids)));
        }
        Scope::Range { from, to } => {
            push(&mut pairs, "from", Some(from.to_string()));
            push(&mut pairs, "to", Some(to.to_string()));
        }
        Scope::Class { class, from, to } => {
            push(&mut pairs, "class", Some(class.name().to_owned()));
            push(&mut pairs, "from", from.map(|at| at.to_string()));
            push(&mut pairs, "to", to.map(|at| at.to_string()));
        }
        Scope::Search { filter } => {
            let conditions = conditions(filter).into_iter();
            let conditions = conditions.map(|(name, value)| (name.to_owned(), Json::Text(value))).collect();
            pairs.push(("filter".to_owned(), Json::Map(conditions)));
        }
        Scope::Child {} | Scope::Everything {} => {}
    }
    Json::Map(pairs)
}

#[cfg(test)]
mod tests {
    use rules::{Class, DeviceId, RecordingId};

    use super::*;
    use crate::state::samples::{at, child};

    #[test]
    fn every_request_is_written_as_serde_would() {
        let filter = Filter {
            q: Some("\"nuts\" \\ 🥜".into()),
            from: Some(at(1)),
            to: Some(at(2)),
            device: Some(DeviceId::from_parts(1, 2)),
            kind: Some(Kind::Video),
            class: Some(Class::Location),
        };
        for scope in [
            Scope::Items { recordings: vec![RecordingId::from_parts(1, 1), RecordingId::from_parts(1, 2)] },
            Scope::Range { from: at(1), to: at(2) },
            Scope::Class { class: Class::Derived, from: None, to: None },
            Scope::Class { class: Class::Media, from: Some(at(1)), to: Some(at(2)) },
            Scope::Search { filter: filter.clone() },
            Scope::Search { filter: Filter { q: Some("x".into()), ..Filter::default() } },
            Scope::Child {},
            Scope::Everything {},
        ] {
            for (include_kept, waive_undo, as_of) in [(false, true, None), (true, false, Some(at(5)))] {
                let child = (scope != Scope::Everything {}).then(child);
                let request = NewErasure { child, scope: scope.clone(), include_kept, waive_undo, as_of };
                let text = encode_erasure(&request);
                assert_eq!(serde_json::from_str::<NewErasure>(&text).unwrap(), request, "{text}");
            }
        }
    }
}

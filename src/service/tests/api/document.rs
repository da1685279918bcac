//! The OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;
use service::api::document;

use crate::common::Service;

/// Every operation of the document: method, path, description.
pub fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(document::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_committed_document_is_that_of_the_code() {
    let committed = include_str!("../../../../docs/openapi.json");
    assert!(
        document::text().unwrap() == committed,
        "docs/openapi.json is out of date: cargo run -p service -- openapi > docs/openapi.json"
    );
}

#[tokio::test]
async fn the_served_document_is_the_same() {
    let service = Service::start().await;
    let served = service.get("", "/openapi.json").await.json();
    assert_eq!(served, serde_json::from_str::<Value>(&document::text().unwrap()).unwrap());
    assert_eq!(served["openapi"], "3.1.0");
}

#[test]
fn every_operation_is_named_and_explained() {
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(names.insert(name.clone()), "{name} names two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
        assert!(operation["responses"]["default"].is_object(), "{method} {path}");
    }
}

#[test]
fn what_is_not_built_yet_is_not_promised() {
    let text = document::text().unwrap();
    for path in ["consents", "retention", "accesses", "exports"] {
        assert!(!text.contains(&format!("/{path}\"")), "{path}");
    }
}

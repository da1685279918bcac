//! The fields of a form, from an address or a body.

use axum::{
    extract::{FromRequest, FromRequestParts, RawForm, Request},
    http::{Uri, request::Parts},
};

use super::Oops;
use crate::api::{Api, failure::Failure};

/// Names and values, in their order. A browser sends empty ones too; they say nothing.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of an address.
    pub fn of_query(uri: &Uri) -> Self {
        serde_urlencoded::from_str(uri.query().unwrap_or_default()).map(Self).unwrap_or_default()
    }

    /// The first field of this name, if it says anything.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field of this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.trim())
            .filter(|v| !v.is_empty())
    }

    /// The first field of this name as what it should be; one that is something else is refused.
    pub fn read<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Oops> {
        let read = |text: &str| {
            text.parse().map_err(|_| Failure::invalid(format!("{name} is not what it must be")).into())
        };
        self.get(name).map(read).transpose()
    }

    /// The same for a word of the contract.
    pub fn word<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Oops> {
        let read = |text: &str| {
            serde_json::from_value(text.into())
                .map_err(|_| Failure::invalid(format!("{name} is not what it must be")).into())
        };
        self.get(name).map(read).transpose()
    }
}

/// An address with these fields.
pub fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(&fields) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

impl FromRequestParts<Api> for Fields {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Oops> {
        Ok(Self::of_query(&parts.uri))
    }
}

/// The fields of a body.
pub struct Form(pub Fields);

impl FromRequest<Api> for Form {
    type Rejection = Oops;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Oops> {
        let unreadable = || Oops::from(Failure::invalid("not a form"));
        let RawForm(bytes) = RawForm::from_request(request, api).await.map_err(|_| unreadable())?;
        serde_urlencoded::from_bytes(&bytes).map(|fields| Self(Fields(fields))).map_err(|_| unreadable())
    }
}

//! The routes and their OpenAPI document, from one list.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, header},
    middleware,
};
use rules::problem::{Problem, ProblemType};
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, ObjectBuilder, OpenApi, Ref, ResponseBuilder, Type,
        path::{Operation, ParameterIn},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, NO_REFERRER, NOSNIFF, access, children, cors, datasets, demo, derivations, erasures, events,
    failure::{Failure, PROBLEM_JSON},
    first_view, health,
    input::JSON_BYTES,
    keep, ledger, metrics, models, playback, processors, recordings, sessions, set, upload,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Forget-me-not",
        description = "What devices keep of a child: seen, heard, kept until a date, or deleted from every place a copy lives.\n\nErrors are RFC 9457 problem details with a stable `type`. Times are RFC 3339 in UTC. Lists use cursors. Every unsafe call can be repeated: by `Idempotency-Key` where it makes something, by nature elsewhere.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "sessions", description = "Short-lived bearer tokens for one guardian, named children and one origin"),
        (name = "children", description = "Whose data, and what every store holds of them"),
        (name = "recordings", description = "Listed, opened, played, kept; and handed in by the vendor"),
        (name = "derivations", description = "What the vendor made from recordings: facts, voiceprints, datasets, models"),
        (name = "erasures", description = "Asked for, sealed, taken back, carried out, verified"),
        (name = "processors", description = "Others who are given recordings, and asked to delete what is deleted here"),
        (name = "ledger", description = "What was done, entered where it cannot be taken back; public, and it names nobody"),
        (name = "operation", description = "For whoever runs the service"),
    ),
    components(schemas(Problem, ProblemType)),
)]
struct Base;

/// Under `/v1`, for sessions and the vendor.
fn guarded() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sessions::mint))
        .routes(routes!(first_view::show))
        .routes(routes!(children::list, children::create))
        .routes(routes!(children::holdings))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::count))
        .routes(routes!(recordings::timeline))
        .routes(routes!(recordings::get))
        .routes(routes!(keep::put, keep::delete))
        .routes(routes!(playback::ticket))
        .routes(routes!(erasures::list, erasures::create))
        .routes(routes!(erasures::preview))
        .routes(routes!(erasures::get, erasures::cancel))
        .routes(routes!(events::events))
        .routes(routes!(ledger::of_erasure))
        .routes(routes!(ledger::of_child))
        .routes(routes!(ledger::of_entry))
        .routes(routes!(derivations::create))
        .routes(routes!(derivations::list))
        .routes(routes!(datasets::get))
        .routes(routes!(datasets::export))
        .routes(routes!(models::list))
        .routes(routes!(models::outcome))
        .routes(routes!(processors::disclose))
}

/// Under `/v1`, for the vendor, with large bodies.
fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload::create))
}

/// Under `/v1`, for whoever has the address.
fn tickets() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(playback::media))
}

/// Under `/v1`, for whoever signs.
fn callbacks() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(processors::status))
}

/// At the root, for the operator.
fn operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(metrics::show))
}

/// At the root, for everyone.
fn everyone() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health::lives))
        .routes(routes!(health::ready))
        .routes(routes!(demo::sign_in))
}

/// At the root, for everyone, also from pages of other sites.
fn public() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(ledger::checkpoint))
        .routes(routes!(ledger::policy))
        .routes(routes!(ledger::inventory))
        .routes(routes!(ledger::public))
        .routes(routes!(ledger::of_public))
        .routes(routes!(ledger::consistency))
}

/// Every route, with what guards it.
pub fn routes(api: &Api) -> Router<Api> {
    let authenticate = middleware::from_fn_with_state(api.clone(), access::authenticate);
    let uploads = part(uploads()).layer(DefaultBodyLimit::max(api.0.options.max_upload_bytes));
    let guarded = part(guarded())
        .merge(uploads)
        .fallback(async || Failure::not_found())
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .layer(authenticate.clone());
    let policy = "default-src 'none'; frame-ancestors 'none'";
    let v1 = guarded
        .merge(part(tickets()))
        .merge(part(callbacks()).layer(DefaultBodyLimit::max(processors::CALLBACK_BYTES)))
        .layer(set(header::CONTENT_SECURITY_POLICY, policy))
        .layer(set(header::CACHE_CONTROL, "no-store"))
        // A media element of another site's page may play; who may know the address is the ticket's affair.
        .layer(set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
        .layer(set(NOSNIFF.0, NOSNIFF.1))
        .layer(set(NO_REFERRER.0, NO_REFERRER.1))
        .layer(cors::for_sessions(api));
    let public = part(public().route("/ledger/tile/{*path}", axum::routing::get(ledger::tile)));
    let root = part(everyone())
        .merge(part(operator()).layer(authenticate))
        .merge(public.layer(cors::for_everyone()))
        .layer(set(header::CONTENT_SECURITY_POLICY, policy))
        .layer(set(header::CACHE_CONTROL, "no-store"))
        .layer(set(NOSNIFF.0, NOSNIFF.1))
        .layer(set(NO_REFERRER.0, NO_REFERRER.1));
    root.nest("/v1", v1)
}

/// Routes as axum has them. What is done with a wrong method is decided before any layer, so that
/// the layers, authentication first, hold for it too.
fn part(routes: OpenApiRouter<Api>) -> Router<Api> {
    Router::from(routes).method_not_allowed_fallback(async || Failure::new(ProblemType::NoMethod))
}

/// The OpenAPI document of every route.
#[must_use]
pub fn document() -> OpenApi {
    let v1 = guarded().merge(uploads()).merge(tickets()).merge(callbacks());
    let mut document = OpenApiRouter::with_openapi(Base::openapi())
        .merge(everyone())
        .merge(operator())
        .merge(public())
        .nest("/v1", v1)
        .into_openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let bearer = |description: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        SecurityScheme::Http(scheme)
    };
    let components = document.components.get_or_insert_default();
    // Written by hand: the derive macro does not see names that another macro has put in.
    let slugs = ProblemType::ALL.iter().map(|kind| kind.slug());
    let kinds = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(slugs));
    let kinds = kinds.description(Some("What went wrong, by name."));
    components.schemas.insert("ProblemType".into(), kinds.build().into());
    components.add_security_scheme(
        "session",
        bearer("The `client_secret` of a session. The names listed at a route are the permissions it needs."),
    );
    components.add_security_scheme("vendor", bearer("The key of the vendor's own backend. Never in a page."));
    for item in document.paths.paths.values_mut() {
        for operation in
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.head, &mut item.patch]
        {
            operation.as_mut().map(describe_problems);
        }
        // One handler answers GET and HEAD; an operation's name is its own.
        if let Some(id) = item.head.as_mut().and_then(|head| head.operation_id.as_mut()) {
            id.push_str("_head");
        }
    }
    document
}

/// The document as it is committed: JSON, a line a value.
pub fn text() -> serde_json::Result<String> {
    Ok(document().to_pretty_json()? + "\n")
}

/// Every operation answers errors alike, so they are described here and not a hundred times.
fn describe_problems(operation: &mut Operation) {
    let parameter = |place: &ParameterIn| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            utoipa::openapi::RefOr::T(parameter) => parameter.parameter_in == *place,
            utoipa::openapi::RefOr::Ref(_) => false,
        })
    };
    let takes_input = operation.request_body.is_some() || parameter(&ParameterIn::Query);
    let mut problems = vec![("default", "Any other problem")];
    if operation.security.is_some() {
        problems.push(("401", "No session or key, or the session is over"));
        problems.push(("403", "Not allowed with this one, or not from this origin"));
    }
    if parameter(&ParameterIn::Path) {
        problems.push(("404", "No such thing, or another family's"));
    }
    if takes_input {
        problems.push(("422", "The request does not say what it must"));
    }
    for (status, description) in problems {
        let schema = Ref::from_schema_name("Problem");
        let response =
            ResponseBuilder::new().description(description).content(PROBLEM_JSON, Content::new(Some(schema)));
        operation.responses.responses.insert(status.to_owned(), response.build().into());
    }
}

//! How pages are to be read: which language, whose midnight.

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::tz::TimeZoneDatabase;
use maud::html;

use super::{
    Answer, Fields, Reader, Texts, cookie,
    layout::{Page, Way},
    texts,
};

/// The cookie with the language.
pub const LANGUAGE: &str = "fmn_plain_locale";
/// The cookie with the time zone.
pub const ZONE: &str = "fmn_plain_tz";

/// The reader's texts: what the address says, else what was chosen before, else what the browser says.
pub fn texts(asked: &Fields, headers: &HeaderMap) -> Texts {
    let accepted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let chosen = [asked.get("locale"), cookie(headers, LANGUAGE)].into_iter().flatten();
    let zone =
        [asked.get("tz").map(str::to_owned), cookie(headers, ZONE).map(|name| name.replace("%2F", "/"))];
    let zone = zone.into_iter().flatten().find_map(|name| texts::zone(&name));
    Texts::new(chosen.chain(by_preference(accepted)), zone)
}

/// The cookies that remember what was chosen. They say how a page is written, and nothing else.
pub fn chosen(asked: &Fields) -> Vec<HeaderValue> {
    let language =
        asked.get("locale").filter(|tag| tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    let zone = asked.get("tz").filter(|name| texts::zone(name).is_some());
    [(LANGUAGE, language), (ZONE, zone)]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value?.replace('/', "%2F");
            HeaderValue::from_str(&format!(
                "{name}={value}; Path=/plain; HttpOnly; SameSite=Lax; Max-Age=31536000"
            ))
            .ok()
        })
        .collect()
}

/// The languages of `Accept-Language`, the preferred first.
fn by_preference(header: &str) -> impl Iterator<Item = &str> {
    let mut languages: Vec<(u32, &str)> = header
        .split(',')
        .filter_map(|part| {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight: f32 = weight.trim().parse().ok()?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
            Some(((weight.clamp(0.0, 1.0) * 1000.0) as u32, tag.trim()))
        })
        .filter(|(weight, _)| *weight > 0)
        .collect();
    languages.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    languages.into_iter().map(|(_, tag)| tag)
}

/// `GET /plain/reading`
pub async fn show(Reader { texts, token }: Reader) -> Answer {
    let zones = TimeZoneDatabase::bundled();
    let body = html! {
        form action="/plain" method="get" {
            label .field .wide {
                span { (texts.text("plain-language")) }
                select name="locale" {
                    @for tag in texts::languages() {
                        option value=(tag) lang=(tag) selected[tag == texts.language()] { (name_of(tag)) }
                    }
                }
            }
            label .field .wide {
                span { (texts.text("plain-zone-name")) }
                select name="tz" {
                    @for zone in zones.available() {
                        option selected[zone.as_str() == texts.zone_name()] { (zone.as_str()) }
                    }
                }
            }
            p .decide { button .button .main { (texts.text("plain-apply")) } }
        }
    };
    let title = texts.text("plain-reading");
    let (way, token) = (Some(Way::Elsewhere), token.as_deref());
    let page = Page { texts: &texts, title, token, way, child: None, refresh: None, body };
    Ok(page.answer())
}

/// What a language calls itself.
fn name_of(tag: &'static str) -> &'static str {
    match tag {
        "ar" => "العربية",
        "de" => "Deutsch",
        "en" => "English",
        "es" => "Español",
        "fr" => "Français",
        other => other,
    }
}

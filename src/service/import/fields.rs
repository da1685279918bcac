//! What a manifest's fields mean, whichever way the manifest is written.

use std::path::Path;

use rules::{Timestamp, contract::Transcript, location::Place};

use super::{Item, Moment, Named, Reason, Refused, files};

/// How far a clock may run ahead, in seconds.
const CLOCK_SKEW: i64 = 300;

/// The columns of a manifest, as its header names them.
pub(super) const COLUMNS: [&str; 8] =
    ["file", "captured_at", "device", "transcript", "language", "latitude", "longitude", "accuracy_m"];

/// One row of a manifest, as it was written. Empty is the same as absent.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) file: Option<String>,
    pub(super) captured_at: Option<String>,
    pub(super) device: Option<String>,
    pub(super) transcript: Option<String>,
    pub(super) language: Option<String>,
    pub(super) latitude: Option<String>,
    pub(super) longitude: Option<String>,
    pub(super) accuracy_m: Option<String>,
}

impl Row {
    /// The recording it names, in a folder that is canonical. `number` is the row's, for the report.
    pub(super) fn read(self, root: &Path, number: u64, now: Timestamp, seen: &mut files::Seen) -> Named {
        let file = said(self.file).unwrap_or_default();
        let name = format!("{} (row {number})", if file.is_empty() { "no file" } else { file.as_str() });
        let read = || -> Result<Item, Reason> {
            if file.is_empty() {
                return Err(Reason::BadRow("it names no file".into()));
            }
            let moment = moment(said(self.captured_at), now)?;
            let location = place(said(self.latitude), said(self.longitude), said(self.accuracy_m))?;
            let language = language(said(self.language))?;
            let path = files::inside(root, &file)?;
            let stated = match moment {
                Moment::Stated(at) => Some(at),
                Moment::FromFile => None,
            };
            if seen.again((&path, stated)) {
                return Err(Reason::Twice);
            }
            Ok(Item {
                name: name.clone(),
                file: path,
                moment,
                device: said(self.device),
                transcript: said(self.transcript).map(|text| Transcript::new(text, language)),
                location,
            })
        };
        read().map_err(|reason| Refused { name: name.clone(), reason })
    }
}

fn said(field: Option<String>) -> Option<String> {
    field.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn moment(text: Option<String>, now: Timestamp) -> Result<Moment, Reason> {
    let Some(text) = text else { return Ok(Moment::FromFile) };
    let at = text.parse::<Timestamp>().map_err(|_| Reason::BadMoment(text))?;
    check_not_future(at, now)?;
    Ok(Moment::Stated(at))
}

/// Refuses a moment that has not come.
pub(super) fn check_not_future(at: Timestamp, now: Timestamp) -> Result<(), Reason> {
    if at > now.plus_seconds(CLOCK_SKEW) { Err(Reason::Future(at)) } else { Ok(()) }
}

fn place(
    latitude: Option<String>,
    longitude: Option<String>,
    accuracy: Option<String>,
) -> Result<Option<Place>, Reason> {
    let accuracy_m = match accuracy {
        None => None,
        // Half the way around the globe is as inaccurate as it gets.
        Some(text) => match text.parse::<f64>() {
            Ok(metres) if (0.0..=20_100_000.0).contains(&metres) => Some(whole(metres.ceil())),
            _ => return Err(Reason::BadPlace("accuracy_m is not a number of metres")),
        },
    };
    let degrees = |text: &str| text.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    match (latitude, longitude) {
        (None, None) => Ok(None),
        (Some(latitude), Some(longitude)) => {
            let degrees = degrees(&latitude).zip(degrees(&longitude));
            let (latitude, longitude) =
                degrees.ok_or(Reason::BadPlace("latitude and longitude must be degrees, like 47.6062"))?;
            Place::new(microdegrees(latitude), microdegrees(longitude), accuracy_m)
                .map(Some)
                .ok_or(Reason::BadPlace("there is no such place on the globe"))
        }
        _ => Err(Reason::BadPlace("latitude and longitude come together")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and what it saturates to is no place"
)]
fn microdegrees(degrees: f64) -> i32 {
    (degrees * 1e6).round() as i32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 0 to 20 million")]
fn whole(metres: f64) -> u32 {
    metres as u32
}

/// A language is a BCP 47 tag: letters, digits and hyphens.
pub(super) fn language(text: Option<String>) -> Result<Option<String>, Reason> {
    let valid = |tag: &str| {
        (2..=35).contains(&tag.len())
            && tag.starts_with(|c: char| c.is_ascii_alphabetic())
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match text {
        Some(tag) if !valid(&tag) => {
            Err(Reason::BadRow(format!("\"{tag}\" is not a language like en or pt-BR")))
        }
        tag => Ok(tag),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_place(lat: &str, lon: &str, accuracy: &str) -> Result<Option<Place>, Reason> {
        let said = |text: &str| said(Some(text.into()));
        place(said(lat), said(lon), said(accuracy))
    }

    #[test]
    fn degrees_become_microdegrees() {
        let place = read_place("47.6062", "-122.3321", "12.2").unwrap().unwrap();
        assert_eq!(place, Place::new(47_606_200, -122_332_100, Some(13)).unwrap());
        assert_eq!(read_place(" ", "", "").unwrap(), None);
        assert!(read_place("0", "0", "").unwrap().is_some());
    }

    #[test]
    fn half_a_place_and_no_place_are_refused() {
        for (lat, lon, accuracy) in [
            ("47.6", "", ""),
            ("", "5", ""),
            ("north", "5", ""),
            ("NaN", "5", ""),
            ("90.1", "5", ""),
            ("5", "1e300", ""),
            ("47,6", "5", ""),
            ("5", "5", "-1"),
            ("5", "5", "near"),
        ] {
            assert!(
                matches!(read_place(lat, lon, accuracy), Err(Reason::BadPlace(_))),
                "{lat} {lon} {accuracy}"
            );
        }
    }

    #[test]
    fn a_moment_needs_its_offset_and_must_have_come() {
        let now = "2026-11-21T14:00:00Z".parse().unwrap();
        let read = |text: &str| moment(said(Some(text.into())), now);
        assert_eq!(read("").unwrap(), Moment::FromFile);
        let stated = Moment::Stated("2025-03-01T16:45:12Z".parse().unwrap());
        assert_eq!(read("2025-03-01T17:45:12+01:00").unwrap(), stated);
        for bad in ["2025-03-01T17:45:12", "2025-02-30T00:00:00Z", "yesterday", "1709315112"] {
            assert!(matches!(read(bad), Err(Reason::BadMoment(_))), "{bad}");
        }
        assert!(matches!(read("2026-11-21T15:00:00Z"), Err(Reason::Future(_))));
    }

    proptest! {
        #[test]
        fn no_field_panics(a in ".*", b in ".*", c in ".*") {
            let _ = read_place(&a, &b, &c);
            let _ = moment(Some(a), Timestamp::from_ms(0));
            let _ = language(Some(b));
        }

        #[test]
        fn every_microdegree_survives(lat in -90_000_000_i32..=90_000_000, lon in -180_000_000_i32..=180_000_000) {
            let text = |udeg: i32| {
                let (sign, udeg) = if udeg < 0 { ("-", udeg.unsigned_abs()) } else { ("", udeg.unsigned_abs()) };
                format!("{sign}{}.{:06}", udeg / 1_000_000, udeg % 1_000_000)
            };
            prop_assert_eq!(read_place(&text(lat), &text(lon), "").unwrap(), Place::new(lat, lon, None));
        }
    }
}

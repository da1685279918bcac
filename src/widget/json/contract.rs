//! The contract's answers out of JSON.
//!
//! The field lists repeat those of the types; the compiler refuses one that is missing or unknown.

use rules::{
    ChildId, Class, Date, DerivationId, DeviceId, ErasureId, ErasureState, Kind, ProcessorState, RecordingId,
    StepState, StoreId, Timestamp,
    contract::{
        ChildLedger, ChildSummary, Children, DayCount, Derivation, Device, Erasure, ErasureModel, Erasures,
        Held, Holding, Holdings, LedgerEntry, Playback, Preview, ProcessorProblem, ProcessorStep, Recipient,
        Recording, RecordingItem, RecordingPage, Requester, Step, StepProblem, Timeline, Transcript,
    },
    derived::{Made, MadeCount, ModelState},
    erasure::Lateness,
    location::Place,
    preview::{KeptCount, StoreCount},
    problem::{Problem, ProblemType},
    retention::{End, EndReason},
    word::Classes,
};

use super::{Decode, Json, from_text};

macro_rules! written_as_text {
    ($($type:ty)*) => {$(
        impl Decode for $type {
            fn decode(json: Json) -> Option<Self> {
                from_text(json)
            }
        }
    )*};
}

written_as_text! { ChildId Date DerivationId DeviceId ErasureId RecordingId Timestamp }

/// From where to where, in UTF-16 units.
impl Decode for (u32, u32) {
    fn decode(json: Json) -> Option<Self> {
        let [from, to] = <[u32; 2]>::try_from(Vec::decode(json)?).ok()?;
        Some((from, to))
    }
}

/// Behind a semicolon: lists that are left out where they are empty.
macro_rules! structs {
    ($($type:ident { $($field:ident)* $(; $($list:ident)*)? })*) => {$(
        impl Decode for $type {
            fn decode(mut json: Json) -> Option<Self> {
                Some(Self {
                    $($field: json.get(stringify!($field))?,)*
                    $($($list: json.get::<Option<_>>(stringify!($list))?.unwrap_or_default(),)*)?
                })
            }
        }
    )*};
}

structs! {
    ChildLedger { key you items next }
    ChildSummary { id name recordings classes oldest newest devices next_end open_erasures }
    Children { items demo undo_window_seconds }
    Classes { media transcript location derived }
    DayCount { day recordings }
    Derivation { id kind text dataset made_at recordings }
    Device { id name }
    End { on because }
    Erasure {
        id state contested lateness children scope recordings requested_by requested_at sealed_until expected_by
        due_by finished_at steps; models processors
    }
    ErasureModel { name outcome day because }
    Erasures { items next }
    Holdings { child as_of stores; recipients }
    KeptCount { recordings until }
    LedgerEntry { seq kind index entered_at body leaf }
    MadeCount { store things shared }
    Place { latitude_udeg longitude_udeg accuracy_m }
    Playback { url media_type expires_at }
    Preview {
        as_of children recordings oldest newest stores kept contested sealed_until expected_by;
        made models recipients
    }
    ProcessorStep {
        processor about child recordings state since due_by problem next_attempt_at found_none_at
    }
    Recipient { processor about recordings }
    RecordingItem { id child kind captured_at duration_ms device classes excerpt language kept_until; marks }
    RecordingPage { items next }
    Step { store state copies erased failed_attempts problem next_attempt_at verified_at }
    StoreCount { store copies }
    Timeline { total days }
    Transcript { text language; marks }
}

macro_rules! names {
    ($($type:ident { $($variant:ident $name:literal)* })*) => {$(
        impl Decode for $type {
            fn decode(json: Json) -> Option<Self> {
                named(json, &[$(($name, Self::$variant)),*])
            }
        }

        #[cfg(test)]
        impl tests::Named for $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),*];
        }
    )*};
}

names! {
    Class { Media "media" Transcript "transcript" Location "location" Derived "derived" }
    EndReason { Inactivity "inactivity" KeepEnds "keep_ends" }
    ErasureState { Sealed "sealed" Erasing "erasing" Deleted "deleted" Cancelled "cancelled" }
    Kind { Voice "voice" Video "video" }
    Lateness { OnTime "on_time" Late "late" Alarm "alarm" Overdue "overdue" }
    Made { Fact "fact" Voiceprint "voiceprint" Thumbnail "thumbnail" Row "row" }
    ModelState {
        LeftOutOfNextBuild "left-out-of-next-build" RetireOrRetrainBy "retire-or-retrain-by" Retired "retired"
        Retrained "retrained" KeptBecause "kept-because"
    }
    ProcessorProblem {
        Unreachable "unreachable" Failed "failed" NotSigned "not_signed" NotAnAnswer "not_an_answer"
        Cancelled "cancelled"
    }
    ProcessorState {
        NotSent "not_sent" Sent "sent" Acknowledged "acknowledged" Completed "completed" Silent "silent"
        Contradicted "contradicted"
    }
    Requester { You "you" AnotherGuardian "another_guardian" Rule "rule" }
    StepProblem { Unreachable "unreachable" Failed "failed" StillThere "still_there" }
    StepState {
        Waiting "waiting" Erasing "erasing" Probing "probing" Retrying "retrying" VerifiedAbsent "verified_absent"
    }
}

fn named<T: Copy>(json: Json, names: &[(&str, T)]) -> Option<T> {
    let name = String::decode(json)?;
    names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

impl Decode for StoreId {
    fn decode(json: Json) -> Option<Self> {
        let name = String::decode(json)?;
        Self::ALL.into_iter().find(|store| store.name() == name)
    }
}

impl Decode for ProblemType {
    fn decode(json: Json) -> Option<Self> {
        let slug = String::decode(json)?;
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }
}

impl Decode for Problem {
    fn decode(mut json: Json) -> Option<Self> {
        let kind = json.get("type")?;
        Some(Self {
            kind,
            title: json.get("title")?,
            status: json.get("status")?,
            detail: json.get("detail")?,
        })
    }
}

/// The item's own fields stand beside those of the recording.
impl Decode for Recording {
    fn decode(mut json: Json) -> Option<Self> {
        Some(Self {
            media_type: json.get("media_type")?,
            bytes: json.get("bytes")?,
            transcript: json.get("transcript")?,
            location: json.get("location")?,
            waveform: json.get("waveform")?,
            stores: json.get("stores")?,
            made: json.get::<Option<_>>("made")?.unwrap_or_default(),
            end: json.get("end")?,
            item: RecordingItem::decode(json)?,
        })
    }
}

impl Decode for Holding {
    fn decode(mut json: Json) -> Option<Self> {
        let held = match String::decode(json.take("answer"))?.as_str() {
            "held" => Held::Held {
                copies: json.get("copies")?,
                sealed: json.get("sealed")?,
                bytes: json.get("bytes")?,
            },
            "none" => Held::None,
            "not_searched" => Held::NotSearched,
            "not_linkable" => Held::NotLinkable,
            _ => return None,
        };
        Some(Self { store: json.get("store")?, class: json.get("class")?, held })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use rules::retention::end_of;
    use serde::{Serialize, de::DeserializeOwned};

    use super::*;
    use crate::json::request::{kind_name, state_name};
    use crate::state::samples::{at, child, children, erasure, opened, page, preview, processor};

    pub trait Named: Sized + 'static {
        const NAMES: &'static [(&'static str, Self)];
    }

    /// What the service writes, the page reads as the same value.
    fn same<T: Decode + Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(Json::parse(&text).and_then(T::decode), Some(value), "{text}");
    }

    fn same_names<T: Named + Decode + Serialize + PartialEq + Debug + Copy>() {
        for (name, value) in T::NAMES {
            assert_eq!(serde_json::to_value(value).unwrap(), *name);
            assert_eq!(T::decode(Json::Text((*name).to_owned())), Some(*value));
        }
        assert_eq!(T::decode(Json::Text("unheard of".into())), None);
    }

    #[test]
    fn names_are_those_that_serde_writes() {
        same_names::<Class>();
        same_names::<EndReason>();
        same_names::<ErasureState>();
        same_names::<Kind>();
        same_names::<Lateness>();
        same_names::<Made>();
        same_names::<ModelState>();
        same_names::<ProcessorProblem>();
        same_names::<ProcessorState>();
        same_names::<Requester>();
        same_names::<StepProblem>();
        same_names::<StepState>();
        for class in Class::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
        for (name, state) in <ErasureState as Named>::NAMES {
            assert_eq!(state_name(*state), *name);
        }
        for kind in [Kind::Voice, Kind::Video] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind_name(kind));
        }
    }

    #[test]
    fn the_children_are_read() {
        let mut family = children(2);
        family.demo = true;
        family.items[0].oldest = Some(at(-5));
        family.items[0].newest = Some(at(7));
        family.items[0].devices =
            vec![Device { id: DeviceId::from_parts(1, 2), name: "Küche \"oben\"".into() }];
        family.items[0].next_end = Some(end_of(at(0).date(), None));
        family.items[0].classes = Classes { media: 1, transcript: 2, location: 3, derived: 4 };
        same(family);
    }

    #[test]
    fn lists_are_read() {
        let mut some = page(0..3, Some("cursor"));
        some.items[0].device = Some(Device { id: DeviceId::from_parts(1, 2), name: "Bär".into() });
        some.items[0].classes = Class::ALL.to_vec();
        some.items[1].excerpt = Some("ナッツ \u{1f43b}\n".into());
        some.items[1].marks = vec![(0, 3), (4, 6)];
        some.items[1].language = Some("ja".into());
        some.items[2].kept_until = Some(at(0).date());
        same(some);
        same(page(0..0, None));
        let days = (0..3).map(|n| DayCount { day: at(0).date().plus_days(-n), recordings: 1 << 40 });
        same(Timeline { total: 3 << 40, days: days.collect() });
    }

    #[test]
    fn a_recording_is_read() {
        same(opened(1));
        let mut full = opened(2);
        full.media_type = Some("audio/ogg; codecs=opus".into());
        full.bytes = Some(123_456_789_012);
        full.transcript = Some(Transcript::new("can I have nuts", Some("en".into())));
        same(full.clone());
        full.transcript.as_mut().unwrap().marks = vec![(11, 15)];
        full.location = rules::location::Place::new(47_606_209, -122_332_071, Some(20));
        full.waveform = Some((0..=255).collect());
        full.stores = StoreId::ALL.to_vec();
        full.made = Made::ALL.map(made).to_vec();
        full.end = end_of(at(0).date(), Some(at(0).date().plus_months(18)));
        same(full);
        same(Playback { url: "/v1/media/x".into(), media_type: "audio/wav".into(), expires_at: at(1) });
    }

    fn made(kind: Made) -> Derivation {
        let fact = kind == Made::Fact;
        Derivation {
            id: DerivationId::from_parts(1, kind as u128),
            kind,
            text: fact.then(|| "Allergic to walnuts".into()),
            dataset: (!fact).then(|| "voices-2026".into()),
            made_at: at(3),
            recordings: vec![RecordingId::from_parts(1, 2)],
        }
    }

    #[test]
    fn all_four_answers_of_a_store_are_read() {
        let held = [
            Held::Held { copies: 3, sealed: 1, bytes: Some(9) },
            Held::Held { copies: 0, sealed: 0, bytes: None },
            Held::None,
            Held::NotSearched,
            Held::NotLinkable,
        ];
        let stores = held.into_iter().zip(StoreId::ALL).map(|(held, store)| Holding {
            store,
            class: store.class(),
            held,
        });
        let mut stores: Vec<_> = stores.collect();
        stores.push(Holding { store: StoreId::Catalogue, class: None, held: Held::None });
        let given =
            Recipient { processor: "speech".into(), about: "https://speech.example".into(), recordings: 2 };
        same(Holdings { child: child(), as_of: at(0), stores: stores.clone(), recipients: vec![given] });
        same(Holdings { child: child(), as_of: at(0), stores, recipients: vec![] });
    }

    #[test]
    fn erasures_are_read() {
        same(preview(3));
        let mut some = preview(3);
        some.oldest = Some(at(-9));
        some.kept = Some(KeptCount { recordings: 2, until: at(0).date() });
        some.contested = true;
        some.made = vec![MadeCount { store: StoreId::Fact, things: 3, shared: 1 }];
        let model = ErasureModel {
            name: "speech-7".into(),
            outcome: ModelState::KeptBecause,
            day: Some(at(0).date()),
            because: Some("it only counts words".into()),
        };
        some.models = vec![model.clone(), ErasureModel { day: None, because: None, ..model.clone() }];
        some.recipients = vec![Recipient { processor: "speech".into(), about: String::new(), recordings: 3 }];
        same(some);
        let mut one = erasure(ErasureState::Erasing);
        one.finished_at = Some(at(9));
        one.models = vec![model];
        one.steps[0].problem = Some(StepProblem::StillThere);
        one.steps[0].next_attempt_at = Some(at(3));
        one.steps[0].verified_at = Some(at(4));
        one.processors = vec![processor(ProcessorState::Contradicted), processor(ProcessorState::NotSent)];
        one.processors[0].due_by = Some(at(6));
        one.processors[0].problem = Some(ProcessorProblem::NotSigned);
        one.processors[0].next_attempt_at = Some(at(7));
        one.processors[0].found_none_at = Some(at(8));
        same(Erasures { items: vec![one, erasure(ErasureState::Deleted)], next: None });
    }

    #[test]
    fn a_childs_entries_are_read() {
        let entry = |seq, index| LedgerEntry {
            seq,
            kind: "birth".into(),
            index,
            entered_at: at(3),
            body: "forget-me-not/birth/v1\n".into(),
            leaf: "leaf\n".into(),
        };
        let items = vec![entry(1, Some(1 << 40)), entry(0, None)];
        same(ChildLedger { key: Some("key".into()), you: Some("you".into()), items, next: Some(0) });
        same(ChildLedger { key: None, you: None, items: vec![], next: None });
    }

    #[test]
    fn problems_are_read() {
        for kind in ProblemType::ALL {
            same(Problem::new(*kind));
            same(Problem::new(*kind).because("why"));
        }
    }

    #[test]
    fn what_is_not_the_contract_is_nothing() {
        for bad in ["{}", "[]", "null", r#"{"items":{}}"#, r#"{"items":[{"id":"chd_1"}],"demo":false}"#] {
            assert_eq!(Json::parse(bad).and_then(Children::decode), None, "{bad}");
        }
    }
}

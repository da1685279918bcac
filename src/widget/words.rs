//! Which text stands for what a machine says. Nothing is called anything else anywhere.

use rules::{
    Class, Kind, ProcessorState, StepState, StoreId,
    contract::{Requester, StepProblem},
    derived::ModelState,
    erasure::Phrase,
    retention::EndReason,
};

use js_sys::JsString;
use proof::verify::What;
use yew::AttrValue;

use crate::{
    locale::{Key, Texts},
    state::Trouble,
};

/// A place where copies live.
pub const fn store(store: StoreId) -> Key {
    match store {
        StoreId::Keys => Key::StoreKeys,
        StoreId::Media => Key::StoreMedia,
        StoreId::Transcript => Key::StoreTranscript,
        StoreId::Location => Key::StoreLocation,
        StoreId::SearchIndex => Key::StoreSearchIndex,
        StoreId::Waveform => Key::StoreWaveform,
        StoreId::Fact => Key::StoreFact,
        StoreId::Voiceprint => Key::StoreVoiceprint,
        StoreId::Thumbnail => Key::StoreThumbnail,
        StoreId::Dataset => Key::StoreDataset,
        StoreId::FromLocation => Key::StoreFromLocation,
        StoreId::Catalogue => Key::StoreCatalogue,
    }
}

/// What such a place is for.
pub const fn store_about(store: StoreId) -> Key {
    match store {
        StoreId::Keys => Key::StoreKeysAbout,
        StoreId::Media => Key::StoreMediaAbout,
        StoreId::Transcript => Key::StoreTranscriptAbout,
        StoreId::Location => Key::StoreLocationAbout,
        StoreId::SearchIndex => Key::StoreSearchIndexAbout,
        StoreId::Waveform => Key::StoreWaveformAbout,
        StoreId::Fact
        | StoreId::Voiceprint
        | StoreId::Thumbnail
        | StoreId::Dataset
        | StoreId::FromLocation => Key::StoreDerivedAbout,
        StoreId::Catalogue => Key::StoreCatalogueAbout,
    }
}

/// A kind of data.
pub const fn class(class: Class) -> Key {
    match class {
        Class::Media => Key::ClassMedia,
        Class::Transcript => Key::ClassTranscript,
        Class::Location => Key::ClassLocation,
        Class::Derived => Key::ClassDerived,
    }
}

/// Voice or video.
pub const fn kind(kind: Kind) -> Key {
    match kind {
        Kind::Voice => Key::KindVoice,
        Kind::Video => Key::KindVideo,
    }
}

/// What an erasure may be called.
pub const fn phrase(phrase: Phrase) -> Key {
    match phrase {
        Phrase::Sealed => Key::PhraseSealed,
        Phrase::Contested => Key::PhraseContested,
        Phrase::Erasing => Key::PhraseErasing,
        Phrase::Retrying => Key::PhraseRetrying,
        Phrase::Late => Key::PhraseLate,
        Phrase::Deleted => Key::PhraseDeleted,
        Phrase::NotConfirmed => Key::PhraseDeletedHere,
        Phrase::Cancelled => Key::PhraseCancelled,
    }
}

/// What that means, and what comes next.
pub const fn phrase_about(phrase: Phrase) -> Key {
    match phrase {
        Phrase::Sealed => Key::PhraseSealedAbout,
        Phrase::Contested => Key::PhraseContestedAbout,
        Phrase::Erasing => Key::PhraseErasingAbout,
        Phrase::Retrying => Key::PhraseRetryingAbout,
        Phrase::Late => Key::PhraseLateAbout,
        Phrase::Deleted => Key::PhraseDeletedAbout,
        Phrase::NotConfirmed => Key::PhraseDeletedHereAbout,
        Phrase::Cancelled => Key::PhraseCancelledAbout,
    }
}

/// Where one store of an erasure stands.
pub const fn step(state: StepState) -> Key {
    match state {
        StepState::Waiting => Key::StepWaiting,
        StepState::Erasing => Key::StepErasing,
        StepState::Probing => Key::StepProbing,
        StepState::Retrying => Key::StepRetrying,
        StepState::VerifiedAbsent => Key::StepVerifiedAbsent,
    }
}

/// Why a try failed.
pub const fn step_problem(problem: StepProblem) -> Key {
    match problem {
        StepProblem::Unreachable => Key::StepUnreachable,
        StepProblem::Failed => Key::StepFailed,
        StepProblem::StillThere => Key::StepStillThere,
    }
}

/// What becomes of a model.
pub const fn model(state: ModelState) -> Key {
    match state {
        ModelState::LeftOutOfNextBuild => Key::ModelLeftOut,
        ModelState::RetireOrRetrainBy => Key::ModelDue,
        ModelState::Retired => Key::ModelRetired,
        ModelState::Retrained => Key::ModelRetrained,
        ModelState::KeptBecause => Key::ModelKept,
    }
}

/// Where a processor of an erasure stands.
pub const fn processor(state: ProcessorState) -> Key {
    match state {
        ProcessorState::NotSent => Key::ProcessorNotSent,
        ProcessorState::Sent => Key::ProcessorSent,
        ProcessorState::Acknowledged => Key::ProcessorAcknowledged,
        ProcessorState::Completed => Key::ProcessorCompleted,
        ProcessorState::Silent => Key::ProcessorSilent,
        ProcessorState::Contradicted => Key::ProcessorContradicted,
    }
}

/// Who asked for an erasure.
pub const fn requester(requester: Requester) -> Key {
    match requester {
        Requester::You => Key::RequesterYou,
        Requester::AnotherGuardian => Key::RequesterAnotherGuardian,
        Requester::Rule => Key::RequesterRule,
    }
}

/// Why something ends when it does; the text has a place for the day.
pub const fn end(because: EndReason) -> Key {
    match because {
        EndReason::Inactivity => Key::EndInactivity,
        EndReason::KeepEnds => Key::EndKeepEnds,
    }
}

/// What an erasure was of, as far as that is remembered: what was searched for is not.
pub fn scope(scope: &str) -> Key {
    match scope {
        "items" => Key::ScopeItems,
        "range" => Key::ScopeRange,
        "class" => Key::ScopeClass,
        "search" => Key::ScopeSearch,
        "child" => Key::ScopeChild,
        _ => Key::ScopeEverything,
    }
}

/// A place by the name that it has in the ledger; one that is not known here keeps it.
pub fn store_named(texts: &Texts, name: &str) -> AttrValue {
    let known = StoreId::ALL.into_iter().find(|store| store.name() == name);
    known.map_or_else(|| name.to_owned().into(), |known| texts.get(store(known)))
}

/// What becomes of a model, by the word that it has in the ledger; one that is not known here is said as it
/// is. Where the model stays, the reason may be known.
pub fn model_named(texts: &Texts, name: &str, word: &str, day: &str, because: Option<&str>) -> AttrValue {
    let Some(state) = ModelState::ALL.into_iter().find(|state| state.word() == word) else {
        return format!("{name}: {word}").into();
    };
    let key = match (state, because) {
        (ModelState::KeptBecause, None) => Key::ModelStays,
        (state, _) => model(state),
    };
    texts.fill(key, &[("name", name), ("day", day), ("because", because.unwrap_or_default())])
}

/// What the browser checks of a receipt, as it should be.
pub const fn check(what: What) -> Key {
    match what {
        What::Format => Key::CheckFormat,
        What::Signature => Key::CheckSignature,
        What::Witness => Key::CheckWitness,
        What::Inclusion => Key::CheckInclusion,
        What::Opening => Key::CheckOpening,
        What::Inventory => Key::CheckInventory,
        What::Published => Key::CheckPublished,
        What::Times => Key::CheckTimes,
        What::Child => Key::CheckChild,
        What::Chain => Key::CheckChain,
        What::Consistency => Key::CheckConsistency,
        What::Stores => Key::CheckStores,
        What::Models => Key::CheckModels,
        What::Processors => Key::CheckProcessors,
        What::Backups => Key::CheckBackups,
        What::Elsewhere => Key::Elsewhere,
    }
}

/// What is wrong with a receipt, or with a ledger, by the verifier's code.
pub fn flaw(code: &str) -> Key {
    match code {
        "unknown-origin" => Key::FlawUnknownOrigin,
        "key-swapped" => Key::FlawKeySwapped,
        "key-changed" => Key::FlawKeyChanged,
        "unsigned" | "bad-signature" => Key::FlawUnsigned,
        "bad-cosignature" => Key::FlawBadCosignature,
        "stale-witness" => Key::FlawStaleWitness,
        "too-few-witnesses" => Key::FlawTooFewWitnesses,
        "beyond-tree" | "not-included" => Key::FlawNotIncluded,
        "rollback" => Key::FlawRollback,
        "split-view" => Key::FlawSplitView,
        "not-consistent" => Key::FlawNotConsistent,
        "no-proof" => Key::FlawNoProof,
        "wrong-kind" | "not-opened" => Key::FlawNotOpened,
        "other-erasure" => Key::FlawOtherErasure,
        "not-given" => Key::FlawNotGiven,
        "other-inventory" => Key::FlawOtherInventory,
        "unpublished" => Key::FlawUnpublished,
        "store-missing" | "processor-missing" => Key::FlawMissing,
        "store-unknown" | "processor-unknown" => Key::FlawUnknown,
        "times-out-of-order" => Key::FlawTimes,
        "after-witness" => Key::FlawAfterWitness,
        "other-child" => Key::FlawOtherChild,
        "entry-missing" => Key::FlawEntryMissing,
        "entry-repeated" => Key::FlawEntryRepeated,
        "broken-link" => Key::FlawBrokenLink,
        "not-in-chain" => Key::FlawNotInChain,
        "not-policy" | "not-key" | "key-kind" => Key::FlawPolicy,
        // Everything else is a file that is not what it should be.
        _ => Key::FlawUnreadable,
    }
}

/// What to do about it.
pub fn flaw_do(code: &str) -> Key {
    match code {
        // Who has both states of the ledger can prove it to others.
        "rollback" | "split-view" | "not-consistent" | "key-swapped" | "unknown-origin" => {
            Key::FlawDoEvidence
        }
        "too-long" | "not-note" | "not-checkpoint" | "not-receipt" | "not-leaf" | "not-statement"
        | "not-inventory" | "not-policy" | "not-key" | "key-kind" => Key::FlawDoAgain,
        _ => Key::FlawDoAsk,
    }
}

/// What went wrong: what happened, and what to do.
pub const fn trouble(trouble: Trouble) -> (Key, Key) {
    match trouble {
        Trouble::Unreachable => (Key::TroubleUnreachable, Key::TroubleUnreachableDo),
        Trouble::SignedOut => (Key::TroubleSignedOut, Key::TroubleSignedOutDo),
        Trouble::NotAllowed => (Key::TroubleNotAllowed, Key::TroubleNotAllowedDo),
        Trouble::Gone => (Key::TroubleGone, Key::TroubleGoneDo),
        Trouble::Changed => (Key::TroubleChanged, Key::TroubleChangedDo),
        Trouble::Refused => (Key::TroubleRefused, Key::TroubleRefusedDo),
        Trouble::TooMany => (Key::TroubleTooMany, Key::TroubleTooManyDo),
        Trouble::NotLoaded => (Key::TroubleNotLoaded, Key::TroubleNotLoadedDo),
        Trouble::Service => (Key::TroubleService, Key::TroubleServiceDo),
        Trouble::Stopped => (Key::TroubleStopped, Key::TroubleStoppedDo),
    }
}

/// Whether two words are the same to whoever types them: however letters are put together, in either
/// case, with any space around and between them.
pub fn same(typed: &str, expected: &str, tag: &str) -> bool {
    // The browser knows all of Unicode and every language's letters.
    let fold = |words: &str| {
        let folded = JsString::from(words).normalize("NFKC").to_locale_lower_case(Some(tag));
        one_space(&String::from(folded))
    };
    fold(typed) == fold(expected)
}

/// Words with one space between them.
fn one_space(words: &str) -> String {
    let mut all = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(word);
    }
    all
}

/// What ends next of a child, and why; the text has a place for the day.
pub const fn next_end(because: EndReason) -> Key {
    match because {
        EndReason::Inactivity => Key::NextEndInactivity,
        EndReason::KeepEnds => Key::NextEndKeepEnds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each error of the ledger's code has words of its own, or is one of those of a file that cannot be read.
    #[test]
    fn every_flaw_is_told() {
        let errors = include_str!("../proof/error.rs");
        let codes = errors.split("= \"").skip(1).filter_map(|rest| rest.split('"').next());
        let (mut told, mut unreadable) = (0, Vec::new());
        for code in codes.filter(|code| !code.contains(' ')) {
            match flaw(code) {
                Key::FlawUnreadable => unreadable.push(code),
                _ => told += 1,
            }
        }
        let files = [
            "too-long",
            "not-note",
            "not-checkpoint",
            "not-receipt",
            "not-leaf",
            "not-statement",
            "not-inventory",
        ];
        assert_eq!((told, &unreadable[..]), (30, &files[..]));
    }

    #[test]
    fn space_around_and_between_words_does_not_matter() {
        assert_eq!(one_space("  Mia \u{a0} Rose\t"), "Mia Rose");
        assert_eq!(one_space("Mia Rose"), "Mia Rose");
        assert_ne!(one_space("MiaRose"), "Mia Rose");
        assert_eq!(one_space(" "), "");
    }
}

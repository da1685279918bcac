//! Which text stands for what a machine says: the element's own words (its `words.rs`).

use rules::{
    Class, Kind, ProcessorState, StepState, StoreId,
    contract::{Requester, StepProblem},
    derived::ModelState,
    erasure::Phrase,
    problem::ProblemType,
    retention::EndReason,
};

use super::Texts;

/// A place where copies live, and what it is for.
pub const fn store(store: StoreId) -> (&'static str, &'static str) {
    match store {
        StoreId::Keys => ("store-keys", "store-keys-about"),
        StoreId::Media => ("store-media", "store-media-about"),
        StoreId::Transcript => ("store-transcript", "store-transcript-about"),
        StoreId::Location => ("store-location", "store-location-about"),
        StoreId::SearchIndex => ("store-search-index", "store-search-index-about"),
        StoreId::Waveform => ("store-waveform", "store-waveform-about"),
        StoreId::Fact => ("store-fact", "store-derived-about"),
        StoreId::Voiceprint => ("store-voiceprint", "store-derived-about"),
        StoreId::Thumbnail => ("store-thumbnail", "store-derived-about"),
        StoreId::Dataset => ("store-dataset", "store-derived-about"),
        StoreId::FromLocation => ("store-from-location", "store-derived-about"),
        StoreId::Catalogue => ("store-catalogue", "store-catalogue-about"),
    }
}

/// What a processor has answered: nothing was given to it, done, promised, silent, contradicted, not asked, asked.
pub const ANSWERS: [&str; 7] = [
    "answer-none",
    "answer-completed",
    "answer-acknowledged",
    "answer-silent",
    "answer-contradicted",
    "answer-not-asked",
    "answer-asked",
];

/// What becomes of a model, by the word that it has in the ledger.
pub fn model_named(texts: &Texts, name: &str, word: &str, day: &str) -> String {
    match ModelState::ALL.into_iter().find(|state| state.word() == word) {
        Some(ModelState::KeptBecause) => texts.fill("model-stays", &[("name", name)]),
        Some(state) => texts.fill(model(state), &[("name", name), ("day", day)]),
        None => format!("{name}: {word}"),
    }
}

/// A kind of data.
pub const fn class(class: Class) -> &'static str {
    match class {
        Class::Media => "class-media",
        Class::Transcript => "class-transcript",
        Class::Location => "class-location",
        Class::Derived => "class-derived",
    }
}

/// Voice or video.
pub const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Voice => "kind-voice",
        Kind::Video => "kind-video",
    }
}

/// What becomes of a model.
pub const fn model(state: ModelState) -> &'static str {
    match state {
        ModelState::LeftOutOfNextBuild => "model-left-out",
        ModelState::RetireOrRetrainBy => "model-due",
        ModelState::Retired => "model-retired",
        ModelState::Retrained => "model-retrained",
        ModelState::KeptBecause => "model-kept",
    }
}

/// What an erasure may be called, and what that means.
pub const fn phrase(phrase: Phrase) -> (&'static str, &'static str) {
    match phrase {
        Phrase::Sealed => ("phrase-sealed", "phrase-sealed-about"),
        Phrase::Contested => ("phrase-contested", "phrase-contested-about"),
        Phrase::Erasing => ("phrase-erasing", "phrase-erasing-about"),
        Phrase::Retrying => ("phrase-retrying", "phrase-retrying-about"),
        Phrase::Late => ("phrase-late", "phrase-late-about"),
        Phrase::Deleted => ("phrase-deleted", "phrase-deleted-about"),
        Phrase::NotConfirmed => ("phrase-deleted-here", "phrase-deleted-here-about"),
        Phrase::Cancelled => ("phrase-cancelled", "phrase-cancelled-about"),
    }
}

/// Where one store of an erasure stands.
pub const fn step(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "step-waiting",
        StepState::Erasing => "step-erasing",
        StepState::Probing => "step-probing",
        StepState::Retrying => "step-retrying",
        StepState::VerifiedAbsent => "step-verified-absent",
    }
}

/// Why a try failed.
pub const fn step_problem(problem: StepProblem) -> &'static str {
    match problem {
        StepProblem::Unreachable => "step-unreachable",
        StepProblem::Failed => "step-failed",
        StepProblem::StillThere => "step-still-there",
    }
}

/// Where a processor of an erasure stands.
pub const fn processor(state: ProcessorState) -> &'static str {
    match state {
        ProcessorState::NotSent => "processor-not-sent",
        ProcessorState::Sent => "processor-sent",
        ProcessorState::Acknowledged => "processor-acknowledged",
        ProcessorState::Completed => "processor-completed",
        ProcessorState::Silent => "processor-silent",
        ProcessorState::Contradicted => "processor-contradicted",
    }
}

/// Who asked for an erasure.
pub const fn requester(requester: Requester) -> &'static str {
    match requester {
        Requester::You => "requester-you",
        Requester::AnotherGuardian => "requester-another-guardian",
        Requester::Rule => "requester-rule",
    }
}

/// Why something ends when it does.
pub const fn end(because: EndReason) -> &'static str {
    match because {
        EndReason::Inactivity => "end-inactivity",
        EndReason::KeepEnds => "end-keep-ends",
    }
}

/// What ends next of a child, and why.
pub const fn next_end(because: EndReason) -> &'static str {
    match because {
        EndReason::Inactivity => "next-end-inactivity",
        EndReason::KeepEnds => "next-end-keep-ends",
    }
}

/// What an erasure was of, as far as that is remembered.
pub fn scope(scope: &str) -> &'static str {
    match scope {
        "items" => "scope-items",
        "range" => "scope-range",
        "class" => "scope-class",
        "search" => "scope-search",
        "child" => "scope-child",
        _ => "scope-everything",
    }
}

/// What went wrong: what happened, and what to do.
pub const fn trouble(kind: ProblemType) -> (&'static str, &'static str) {
    match kind {
        ProblemType::NoSession | ProblemType::SessionExpired | ProblemType::WrongOrigin => {
            ("trouble-signed-out", "trouble-signed-out-do")
        }
        ProblemType::NotAllowed => ("trouble-not-allowed", "trouble-not-allowed-do"),
        ProblemType::NotFound | ProblemType::NoMethod | ProblemType::Gone => {
            ("trouble-gone", "trouble-gone-do")
        }
        ProblemType::NoReceipt => ("receipt-none", "receipt-none-about"),
        ProblemType::NotWitnessed => ("receipt-unseen", "receipt-unseen-about"),
        ProblemType::Conflict | ProblemType::KeyReused => ("trouble-changed", "trouble-changed-do"),
        ProblemType::TooMany => ("trouble-too-many", "trouble-too-many-do"),
        ProblemType::Internal | ProblemType::Unavailable => ("trouble-service", "trouble-service-do"),
        _ => ("trouble-refused", "trouble-refused-do"),
    }
}

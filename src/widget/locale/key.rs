//! The name of every text.

macro_rules! keys {
    (first { $($first:ident = $first_name:literal;)* } later { $($later:ident = $later_name:literal;)* }) => {
        /// A text of the locale files. Those that go with a number (see [`super::Texts::count`]) have
        /// one entry a plural form there: `name_one`, `name_other` and so on.
        ///
        /// It is its name, and no number into a list of names: so the names that only the second half
        /// of the module asks for are loaded with it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Key(&'static str);

        #[expect(missing_docs, non_upper_case_globals, reason = "locales/en.json says what each means")]
        impl Key {
            $(pub const $first: Self = Self($first_name);)*
            $(pub const $later: Self = Self($later_name);)*
        }

        impl Key {
            /// Those of the first view, which are in `locales`, by what the code calls them.
            pub const FIRST: &'static [(&'static str, Self)] = &[$((stringify!($first), Self::$first),)*];
            /// All others, which are in `locales/later`.
            pub const LATER: &'static [(&'static str, Self)] = &[$((stringify!($later), Self::$later),)*];

            /// Its name in the locale files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                self.0
            }
        }
    };
}

keys! { first {
    Language = "language";
    Direction = "direction";
    Waiting = "waiting";
    Slow = "slow";
    Offline = "offline";
    LeavePage = "leave-page";
    LeaveAbout = "leave-about";
    LeavesNext = "leaves-next";
    Retry = "retry";
    Any = "any";
    Ways = "ways";
    WayChildren = "way-children";
    WayRecordings = "way-recordings";
    WayHoldings = "way-holdings";
    WayRequests = "way-requests";
    ChildrenTitle = "children-title";
    ChildrenNone = "children-none";
    ChildOpen = "child-open";
    ChildHolds = "child-holds";
    ChildNothing = "child-nothing";
    ChildDevices = "child-devices";
    ChildErasures = "child-erasures";
    NextEndInactivity = "next-end-inactivity";
    NextEndKeepEnds = "next-end-keep-ends";
    EverythingTitle = "everything-title";
    EverythingAbout = "everything-about";
    EverythingDelete = "everything-delete";
    Looking = "looking";
    SearchWords = "search-words";
    Conditions = "conditions";
    ConditionsSet = "conditions-set";
    From = "from";
    To = "to";
    Device = "device";
    Kind = "kind";
    Class = "class";
    Backwards = "backwards";
    LookForAll = "look-for-all";
    Picture = "picture";
    PeriodBegins = "period-begins";
    PeriodEnds = "period-ends";
    PictureSays = "picture-says";
    PictureTable = "picture-table";
    KindVoice = "kind-voice";
    KindVideo = "kind-video";
    ClassMedia = "class-media";
    ClassTranscript = "class-transcript";
    ClassLocation = "class-location";
    ClassDerived = "class-derived";
    Toolbar = "toolbar";
    Found = "found";
    SelectAll = "select-all";
    SelectMatching = "select-matching";
    SelectDay = "select-day";
    ListEnds = "list-ends";
    ListEmpty = "list-empty";
    ListNoMatch = "list-no-match";
    Quoted = "quoted";
    NoTranscript = "no-transcript";
    SelectRow = "select-row";
    WithPlace = "with-place";
    KeptUntil = "kept-until";
    TroubleUnreachable = "trouble-unreachable";
    TroubleUnreachableDo = "trouble-unreachable-do";
    TroubleSignedOut = "trouble-signed-out";
    TroubleSignedOutDo = "trouble-signed-out-do";
    TroubleNotAllowed = "trouble-not-allowed";
    TroubleNotAllowedDo = "trouble-not-allowed-do";
    TroubleGone = "trouble-gone";
    TroubleGoneDo = "trouble-gone-do";
    TroubleChanged = "trouble-changed";
    TroubleChangedDo = "trouble-changed-do";
    TroubleRefused = "trouble-refused";
    TroubleRefusedDo = "trouble-refused-do";
    TroubleTooMany = "trouble-too-many";
    TroubleTooManyDo = "trouble-too-many-do";
    TroubleService = "trouble-service";
    TroubleServiceDo = "trouble-service-do";
    TroubleNotLoaded = "trouble-not-loaded";
    TroubleNotLoadedDo = "trouble-not-loaded-do";
    SafeNothingChanged = "safe-nothing-changed";
    WayEntries = "way-entries";
} later {
    SlowSending = "slow-sending";
    LostTitle = "lost-title";
    LostBack = "lost-back";
    Cancel = "cancel";
    Undo = "undo";
    More = "more";
    Unknown = "unknown";
    TablePeriod = "table-period";
    TableAll = "table-all";
    TableMatching = "table-matching";
    Selected = "selected";
    SelectNone = "select-none";
    DeleteSelected = "delete-selected";
    TooManyOneByOne = "too-many-one-by-one";
    TooManyToLeaveOut = "too-many-to-leave-out";
    RecordingTitle = "recording-title";
    RecordingOf = "recording-of";
    BackToList = "back-to-list";
    Newer = "newer";
    Older = "older";
    NoMedia = "no-media";
    TranscriptTitle = "transcript-title";
    FactLength = "fact-length";
    FactDevice = "fact-device";
    FactPlace = "fact-place";
    FactMade = "fact-made";
    MadeNothing = "made-nothing";
    MapTitle = "map-title";
    MapMetres = "map-metres";
    MapKilometres = "map-kilometres";
    MapNorth = "map-north";
    MapDrawnHere = "map-drawn-here";
    Shortcuts = "shortcuts";
    NoPlace = "no-place";
    Place = "place";
    PlaceWithin = "place-within";
    Metres = "metres";
    FactStores = "fact-stores";
    FactEnd = "fact-end";
    FactKept = "fact-kept";
    EndInactivity = "end-inactivity";
    EndKeepEnds = "end-keep-ends";
    DeleteThis = "delete-this";
    KeepOpen = "keep-open";
    KeepChange = "keep-change";
    KeepEnd = "keep-end";
    KeepTitle = "keep-title";
    KeepMonths = "keep-months";
    KeepFree = "keep-free";
    KeepDo = "keep-do";
    KeepNoDate = "keep-no-date";
    KeepNotInFuture = "keep-not-in-future";
    KeepTooLong = "keep-too-long";
    SaidKept = "said-kept";
    SaidKeepEnded = "said-keep-ended";
    PlayOf = "play-of";
    PauseOf = "pause-of";
    Position = "position";
    PositionOf = "position-of";
    CannotPlay = "cannot-play";
    HoldingsTitle = "holdings-title";
    HoldingsAbout = "holdings-about";
    HoldingsNothing = "holdings-nothing";
    HoldingsNothingHere = "holdings-nothing-here";
    Copies = "copies";
    CopiesSealed = "copies-sealed";
    HeldNone = "held-none";
    HeldNotSearched = "held-not-searched";
    HeldNotLinkable = "held-not-linkable";
    Kilobytes = "kilobytes";
    Megabytes = "megabytes";
    StoreKeys = "store-keys";
    StoreKeysAbout = "store-keys-about";
    StoreMedia = "store-media";
    StoreMediaAbout = "store-media-about";
    StoreTranscript = "store-transcript";
    StoreTranscriptAbout = "store-transcript-about";
    StoreLocation = "store-location";
    StoreLocationAbout = "store-location-about";
    StoreSearchIndex = "store-search-index";
    StoreSearchIndexAbout = "store-search-index-about";
    StoreWaveform = "store-waveform";
    StoreWaveformAbout = "store-waveform-about";
    StoreFact = "store-fact";
    StoreVoiceprint = "store-voiceprint";
    StoreThumbnail = "store-thumbnail";
    StoreDataset = "store-dataset";
    StoreFromLocation = "store-from-location";
    StoreDerivedAbout = "store-derived-about";
    Learned = "learned";
    MadeShared = "made-shared";
    ModelsTitle = "models-title";
    ModelLeftOut = "model-left-out";
    ModelDue = "model-due";
    ModelRetired = "model-retired";
    ModelRetrained = "model-retrained";
    ModelKept = "model-kept";
    StoreCatalogue = "store-catalogue";
    StoreCatalogueAbout = "store-catalogue-about";
    ClassesTitle = "classes-title";
    ClassesAbout = "classes-about";
    ClassDelete = "class-delete";
    ChildDeleteTitle = "child-delete-title";
    ChildDeleteAbout = "child-delete-about";
    ChildDelete = "child-delete";
    EraseTitle = "erase-title";
    EraseAllTitle = "erase-all-title";
    EraseClassTitle = "erase-class-title";
    EraseSomeTitle = "erase-some-title";
    EraseFoundTitle = "erase-found-title";
    EraseNarrowed = "erase-narrowed";
    EraseNumber = "erase-number";
    OnDay = "on-day";
    FromTo = "from-to";
    EraseNothing = "erase-nothing";
    ErasePlaces = "erase-places";
    EraseKept = "erase-kept";
    EraseKeptAbout = "erase-kept-about";
    EraseKeptToo = "erase-kept-too";
    EraseTotal = "erase-total";
    EraseWhen = "erase-when";
    EraseAtOnce = "erase-at-once";
    EraseUndo = "erase-undo";
    EraseNoUndo = "erase-no-undo";
    EraseContested = "erase-contested";
    EraseExpected = "erase-expected";
    EraseWaive = "erase-waive";
    EraseType = "erase-type";
    EraseTypeAll = "erase-type-all";
    EraseTypeWrong = "erase-type-wrong";
    EraseSending = "erase-sending";
    EraseLeave = "erase-leave";
    ProgressTitle = "progress-title";
    ProgressLeave = "progress-leave";
    NextRecording = "next-recording";
    ProgressPlaces = "progress-places";
    PhraseSealed = "phrase-sealed";
    PhraseSealedAbout = "phrase-sealed-about";
    PhraseContested = "phrase-contested";
    PhraseContestedAbout = "phrase-contested-about";
    PhraseErasing = "phrase-erasing";
    PhraseErasingAbout = "phrase-erasing-about";
    PhraseRetrying = "phrase-retrying";
    PhraseRetryingAbout = "phrase-retrying-about";
    PhraseLate = "phrase-late";
    PhraseLateAbout = "phrase-late-about";
    PhraseDeleted = "phrase-deleted";
    PhraseDeletedAbout = "phrase-deleted-about";
    PhraseDeletedHere = "phrase-deleted-here";
    PhraseDeletedHereAbout = "phrase-deleted-here-about";
    PhraseCancelled = "phrase-cancelled";
    PhraseCancelledAbout = "phrase-cancelled-about";
    StepWaiting = "step-waiting";
    StepErasing = "step-erasing";
    StepProbing = "step-probing";
    StepRetrying = "step-retrying";
    StepVerifiedAbsent = "step-verified-absent";
    StepNext = "step-next";
    StepVerified = "step-verified";
    StepUnreachable = "step-unreachable";
    StepFailed = "step-failed";
    StepStillThere = "step-still-there";
    ProcessorsTitle = "processors-title";
    RecipientsAbout = "recipients-about";
    RecipientsHeld = "recipients-held";
    ProcessorNotSent = "processor-not-sent";
    ProcessorSent = "processor-sent";
    ProcessorAcknowledged = "processor-acknowledged";
    ProcessorCompleted = "processor-completed";
    ProcessorSilent = "processor-silent";
    ProcessorContradicted = "processor-contradicted";
    ProcessorFoundNone = "processor-found-none";
    UndoLeft = "undo-left";
    Seconds = "seconds";
    Minutes = "minutes";
    Hours = "hours";
    Days = "days";
    RequestSummary = "request-summary";
    RequesterYou = "requester-you";
    RequesterAnotherGuardian = "requester-another-guardian";
    RequesterRule = "requester-rule";
    ScopeItems = "scope-items";
    ScopeRange = "scope-range";
    ScopeClass = "scope-class";
    ScopeSearch = "scope-search";
    ScopeChild = "scope-child";
    ScopeEverything = "scope-everything";
    RequestsTitle = "requests-title";
    RequestsNone = "requests-none";
    RequestOpen = "request-open";
    TroubleStopped = "trouble-stopped";
    TroubleStoppedDo = "trouble-stopped-do";
    SafeAgain = "safe-again";
    ReceiptTitle = "receipt-title";
    ReceiptBack = "receipt-back";
    ReceiptOpen = "receipt-open";
    ReceiptOf = "receipt-of";
    ReceiptChecking = "receipt-checking";
    ReceiptGood = "receipt-good";
    ReceiptGoodAbout = "receipt-good-about";
    ReceiptBad = "receipt-bad";
    ReceiptNone = "receipt-none";
    ReceiptNoneAbout = "receipt-none-about";
    ReceiptEarly = "receipt-early";
    ReceiptPrint = "receipt-print";
    RequesterGuardian = "requester-guardian";
    RungChecked = "rung-checked";
    RungCheckedAbout = "rung-checked-about";
    RungSigned = "rung-signed";
    RungSignedAbout = "rung-signed-about";
    RungPromised = "rung-promised";
    RungPromisedAbout = "rung-promised-about";
    Backups = "backups";
    Elsewhere = "elsewhere";
    OutcomeProved = "outcome-proved";
    OutcomeFailed = "outcome-failed";
    OutcomeOpen = "outcome-open";
    OutcomeUnchecked = "outcome-unchecked";
    OutcomeSigned = "outcome-signed";
    CheckFormat = "check-format";
    CheckSignature = "check-signature";
    CheckWitness = "check-witness";
    CheckInclusion = "check-inclusion";
    CheckOpening = "check-opening";
    CheckInventory = "check-inventory";
    CheckPublished = "check-published";
    CheckTimes = "check-times";
    CheckChild = "check-child";
    CheckChain = "check-chain";
    CheckConsistency = "check-consistency";
    CheckStores = "check-stores";
    CheckModels = "check-models";
    CheckProcessors = "check-processors";
    CheckBackups = "check-backups";
    WitnessNone = "witness-none";
    WitnessOwn = "witness-own";
    WitnessOther = "witness-other";
    ChainEntries = "chain-entries";
    FirstSeen = "first-seen";
    EndedAbsent = "ended-absent";
    EndedKeyDestroyed = "ended-key-destroyed";
    EndedNone = "ended-none";
    ModelsNone = "models-none";
    ProcessorNamed = "processor-named";
    AnswerNone = "answer-none";
    AnswerCompleted = "answer-completed";
    AnswerAcknowledged = "answer-acknowledged";
    AnswerNotAsked = "answer-not-asked";
    AnswerAsked = "answer-asked";
    AnswerSilent = "answer-silent";
    AnswerContradicted = "answer-contradicted";
    WhomTitle = "whom-title";
    WhomService = "whom-service";
    WhomSite = "whom-site";
    TakeTitle = "take-title";
    TakeAbout = "take-about";
    TakeRest = "take-rest";
    SaveReceipt = "save-receipt";
    SavePolicy = "save-policy";
    SaveInventory = "save-inventory";
    SaveSeen = "save-seen";
    SaveShown = "save-shown";
    CaughtTitle = "caught-title";
    CaughtAbout = "caught-about";
    CaughtDo = "caught-do";
    FlawUnknownOrigin = "flaw-unknown-origin";
    FlawKeySwapped = "flaw-key-swapped";
    FlawUnsigned = "flaw-unsigned";
    FlawBadCosignature = "flaw-bad-cosignature";
    FlawStaleWitness = "flaw-stale-witness";
    FlawTooFewWitnesses = "flaw-too-few-witnesses";
    FlawNotIncluded = "flaw-not-included";
    FlawRollback = "flaw-rollback";
    FlawSplitView = "flaw-split-view";
    FlawNotConsistent = "flaw-not-consistent";
    FlawNoProof = "flaw-no-proof";
    FlawNotOpened = "flaw-not-opened";
    FlawOtherInventory = "flaw-other-inventory";
    FlawUnpublished = "flaw-unpublished";
    FlawMissing = "flaw-missing";
    FlawUnknown = "flaw-unknown";
    FlawTimes = "flaw-times";
    FlawAfterWitness = "flaw-after-witness";
    FlawOtherChild = "flaw-other-child";
    FlawEntryMissing = "flaw-entry-missing";
    FlawEntryRepeated = "flaw-entry-repeated";
    FlawBrokenLink = "flaw-broken-link";
    FlawNotInChain = "flaw-not-in-chain";
    FlawPolicy = "flaw-policy";
    FlawUnreadable = "flaw-unreadable";
    FlawDoEvidence = "flaw-do-evidence";
    FlawDoAsk = "flaw-do-ask";
    FlawDoAgain = "flaw-do-again";
    EntriesTitle = "entries-title";
    EntriesAbout = "entries-about";
    EntriesNone = "entries-none";
    EntriesCheckAll = "entries-check-all";
    EntriesWhole = "entries-whole";
    EntryCheck = "entry-check";
    EntryCheckThis = "entry-check-this";
    EntryProved = "entry-proved";
    EntryEarly = "entry-early";
    WhoYou = "who-you";
    WhoOther = "who-other";
    WhoGuardian = "who-guardian";
    WhoRule = "who-rule";
    EntryBirth = "entry-birth";
    EntryDerive = "entry-derive";
    EntryPlayed = "entry-played";
    EntryRead = "entry-read";
    EntryAccess = "entry-access";
    EntryKept = "entry-kept";
    EntryReleased = "entry-released";
    EntryUndone = "entry-undone";
    EntryDecided = "entry-decided";
    EntryRequest = "entry-request";
    EntryStore = "entry-store";
    EntryKeyDestroyed = "entry-key-destroyed";
    EntryProcessor = "entry-processor";
    EntryModel = "entry-model";
    EntryComplete = "entry-complete";
    EntryOther = "entry-other";
    ModelStays = "model-stays";
    EntryRebuilt = "entry-rebuilt";
    EntryDisclosure = "entry-disclosure";
    EntryAsked = "entry-asked";
    EntryAcknowledged = "entry-acknowledged";
    EntryCompleted = "entry-completed";
    EntryCancelled = "entry-cancelled";
    EntrySilent = "entry-silent";
    EntryFound = "entry-found";
    EntryFoundNone = "entry-found-none";
    NotCompared = "not-compared";
    CannotRemember = "cannot-remember";
    LedgerRenamed = "ledger-renamed";
    FlawOtherErasure = "flaw-other-erasure";
    FlawNotGiven = "flaw-not-given";
    FlawKeyChanged = "flaw-key-changed";
    ReceiptUnchecked = "receipt-unchecked";
    EntriesReached = "entries-reached";
    ReceiptUnseen = "receipt-unseen";
    ReceiptUnseenAbout = "receipt-unseen-about";
} }

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;

    const FORMS: [&str; 6] = ["_zero", "_one", "_two", "_few", "_many", "_other"];

    fn file(folder: &str) -> BTreeMap<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../static").join(folder).join("en.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn english() -> BTreeMap<String, String> {
        file("locales").into_iter().chain(file("locales/later")).collect()
    }

    fn all() -> impl Iterator<Item = (&'static str, Key)> {
        Key::FIRST.iter().chain(Key::LATER).copied()
    }

    /// The name a text is asked for by: without its plural form.
    fn asked(name: &str) -> &str {
        FORMS.iter().find_map(|form| name.strip_suffix(form)).unwrap_or(name)
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    /// The code that asks for texts, without white space.
    fn sources(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("key.rs")
            {
                all.extend(fs::read_to_string(path).unwrap().split_whitespace());
            }
        }
    }

    fn code() -> String {
        let mut all = String::new();
        sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut all);
        all
    }

    #[test]
    fn every_text_that_is_asked_for_is_in_its_file_and_no_other() {
        for (folder, keys) in [("locales", Key::FIRST), ("locales/later", Key::LATER)] {
            let english = file(folder);
            let there: BTreeSet<_> = english.keys().map(|name| asked(name)).collect();
            let known: BTreeSet<_> = keys.iter().map(|(_, key)| key.name()).collect();
            let missing: Vec<_> = known.difference(&there).collect();
            let unknown: Vec<_> = there.difference(&known).collect();
            assert!(missing.is_empty() && unknown.is_empty(), "{folder}: {missing:?}, {unknown:?}");
        }
        let names: BTreeSet<_> = all().map(|(_, key)| key.name()).collect();
        assert_eq!(names.len(), all().count(), "two texts of one name");
    }

    #[test]
    fn every_text_is_used() {
        let code = code();
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let unused: Vec<_> = all()
            .filter(|(called, _)| {
                let name = format!("Key::{called}");
                !code.match_indices(&name).any(|(at, _)| ends(&code[at + name.len()..]))
            })
            .collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn a_text_has_plural_forms_where_and_only_where_it_is_counted() {
        let (english, code) = (english(), code());
        for (called, key) in all() {
            let counted = code.contains(&format!(".count(Key::{called},"));
            let forms = english.contains_key(&format!("{}_one", key.name()))
                && english.contains_key(&format!("{}_other", key.name()));
            assert_eq!(counted, forms, "{called}");
            assert_ne!(counted, english.contains_key(key.name()), "{called}");
        }
    }

    #[test]
    fn all_forms_of_a_text_have_the_same_placeholders() {
        let english = english();
        for (name, text) in &english {
            let other = english.get(&format!("{}_other", asked(name)));
            if let Some(other) = other {
                assert_eq!(placeholders(text), placeholders(other), "{name}");
            }
        }
    }

    /// R7: the word needs the machine state behind it, so no other text may have it.
    #[test]
    fn nothing_but_what_is_deleted_is_called_deleted() {
        for (name, text) in english() {
            let said =
                text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "deleted");
            assert_eq!(said, name.starts_with("phrase-deleted"), "{name}: {text}");
        }
    }

    /// R12, and the rules of hard cases: nothing for ever, no nudge, no promise about the law.
    #[test]
    fn no_text_nudges_or_promises() {
        for (name, text) in english() {
            let text = text.to_lowercase();
            for word in
                ["compliant", "unfortunately", "sorry", "are you sure", "recommend", "degrade", "permanently"]
            {
                assert!(!text.contains(word), "{name}: {text}");
            }
        }
    }
}

//! The statement of a finished erasure: the body of a `complete` entry.

use alloc::{string::String, vec::Vec};

use crate::{
    Error, Hash, base64,
    text::{Day, Lines, Time, decimal, maybe_hash, number, push_line},
};

const HEADER: &str = "forget-me-not/erasure/v1";

macro_rules! words {
    ($(#[doc = $of:literal])+ $enum:ident: $($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        $(#[doc = $of])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $enum { $($(#[doc = $doc])+ $name,)+ }

        impl $enum {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its word in a statement.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.word() == word)
            }
        }
    };
}

words! {
    /// How a store of a finished erasure has ended. There is no "skipped".
    Ended:
    /// Read again, and nothing was there.
    Absent = "absent";
    /// The copies can never be read again: the key was destroyed.
    KeyDestroyed = "key-destroyed";
    /// It had held nothing of what was to be erased.
    None = "none";
}

words! {
    /// What a processor has answered.
    Answer:
    /// Nothing of it had been given to this processor.
    None = "none";
    /// It has said that it will.
    Acknowledged = "acknowledged";
    /// It has said that it has.
    Completed = "completed";
    /// It had not been asked yet.
    NotAsked = "not-asked";
    /// It had been asked, and had time to answer.
    Asked = "asked";
    /// It has not answered in time.
    Silent = "silent";
    /// It has said that it has, and was found not to have.
    Contradicted = "contradicted";
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A retention rule.
    Rule,
    /// A guardian, by [`crate::child::ChildKey::pseudonym`].
    Guardian(Hash),
}

/// A moment or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// To the second.
    Time(Time),
    /// To the day.
    Day(Day),
}

/// One store of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// How many copies were to be erased.
    pub copies: u64,
    /// How that ended; [`Ended::None`] exactly when there were no copies.
    pub ended: Ended,
    /// When it was read again.
    pub at: Time,
}

/// A model that had been trained with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub id: String,
    /// What became of it, in one word.
    pub outcome: String,
    /// The day.
    pub on: Option<Day>,
}

/// One processor of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processor {
    /// Its name.
    pub name: String,
    /// What it has answered.
    pub answer: Answer,
    /// When; none exactly for [`Answer::None`].
    pub at: Option<When>,
}

/// What is said of a finished erasure. Nothing in it names a person or a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The erasure.
    pub erasure: String,
    /// The number of this entry among the child's entries.
    pub entry: u64,
    /// When it was asked for.
    pub asked: Time,
    /// By whom.
    pub by: By,
    /// What kind of scope it had.
    pub scope: String,
    /// How many recordings were in it.
    pub recordings: u64,
    /// Until then it could be taken back.
    pub until: Time,
    /// When the last store had been read again.
    pub finished: Time,
    /// The version of the inventory it followed.
    pub inventory: u64,
    /// The SHA-256 of that inventory.
    pub inventory_hash: Hash,
    /// The root over what was erased, [`crate::child::items_root`]; none when nothing was there.
    pub items: Option<Hash>,
    /// One for each store of the inventory.
    pub stores: Vec<Store>,
    /// Those that are known to have learned from it.
    pub models: Vec<Model>,
    /// One for each processor of the inventory.
    pub processors: Vec<Processor>,
    /// From this day on no backup of it can be read.
    pub backups: Day,
}

impl Statement {
    /// Reads a statement; refuses one that is not written as [`Statement::text`] writes it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::NotStatement)
    }

    /// As it is written. Refused when a word in it is none, or it contradicts itself.
    pub fn text(&self) -> Result<String, Error> {
        let text = self.write();
        if Self::read(&text).as_ref() == Some(self) { Ok(text) } else { Err(Error::NotStatement) }
    }

    // Each line can be written in one way only, so what is read need not be written again.
    fn read(text: &str) -> Option<Self> {
        let mut lines = Lines(text);
        lines.line().filter(|line| *line == HEADER)?;
        let erasure: String = lines.word("erasure")?.into();
        let entry = number(lines.word("entry")?)?;
        let asked = Time::parse(lines.word("asked")?)?;
        let by = match lines.word("by")? {
            "rule" => By::Rule,
            pseudonym => By::Guardian(base64::hash(pseudonym)?),
        };
        let scope: String = lines.word("scope")?.into();
        let recordings = number(lines.word("recordings")?)?;
        let until = Time::parse(lines.word("until")?)?;
        let finished = Time::parse(lines.word("finished")?)?;
        let [version, hash] = lines.words("inventory")?;
        let (inventory, inventory_hash) = (number(version)?, base64::hash(hash)?);
        let items = match lines.word("items")? {
            "-" => None,
            root => Some(base64::hash(root)?),
        };
        let mut stores: Vec<Store> = Vec::new();
        while let Some([name, copies, ended, at]) = lines.words("store") {
            let (copies, ended, at) = (number(copies)?, Ended::parse(ended)?, Time::parse(at)?);
            let new = stores.iter().all(|store| store.name != name);
            (new && (copies == 0) == (ended == Ended::None)).then_some(())?;
            stores.push(Store { name: name.into(), copies, ended, at });
        }
        // Nothing was erased exactly when no store had anything.
        (items.is_none() == stores.iter().all(|store| store.copies == 0)).then_some(())?;
        let mut models = Vec::new();
        while let Some([id, outcome, on]) = lines.words("model") {
            let on = if on == "-" { None } else { Some(Day::parse(on)?) };
            models.push(Model { id: id.into(), outcome: outcome.into(), on });
        }
        let mut processors: Vec<Processor> = Vec::new();
        while let Some([name, answer, at]) = lines.words("processor") {
            let answer = Answer::parse(answer)?;
            let at = if at == "-" { None } else { Some(when(at)?) };
            let new = processors.iter().all(|processor| processor.name != name);
            (new && at.is_none() == (answer == Answer::None)).then_some(())?;
            processors.push(Processor { name: name.into(), answer, at });
        }
        let backups = Day::parse(lines.word("backups")?)?;
        lines.0.is_empty().then_some(Self {
            erasure,
            entry,
            asked,
            by,
            scope,
            recordings,
            until,
            finished,
            inventory,
            inventory_hash,
            items,
            stores,
            models,
            processors,
            backups,
        })
    }

    fn write(&self) -> String {
        let mut text = String::new();
        let mut line = |words: &[&str]| push_line(&mut text, words);
        line(&[HEADER]);
        line(&["erasure", &self.erasure]);
        line(&["entry", &decimal(self.entry)]);
        line(&["asked", &self.asked.text()]);
        match &self.by {
            By::Rule => line(&["by", "rule"]),
            By::Guardian(pseudonym) => line(&["by", &base64::encode(pseudonym)]),
        }
        line(&["scope", &self.scope]);
        line(&["recordings", &decimal(self.recordings)]);
        line(&["until", &self.until.text()]);
        line(&["finished", &self.finished.text()]);
        line(&["inventory", &decimal(self.inventory), &base64::encode(&self.inventory_hash)]);
        line(&["items", &maybe_hash(self.items.as_ref())]);
        for store in &self.stores {
            line(&["store", &store.name, &decimal(store.copies), store.ended.word(), &store.at.text()]);
        }
        let none = || String::from("-");
        for model in &self.models {
            line(&["model", &model.id, &model.outcome, &model.on.map_or_else(none, Day::text)]);
        }
        for processor in &self.processors {
            let at = processor.at.map_or_else(none, |at| match at {
                When::Time(time) => time.text(),
                When::Day(day) => day.text(),
            });
            line(&["processor", &processor.name, processor.answer.word(), &at]);
        }
        line(&["backups", &self.backups.text()]);
        text
    }
}

fn when(text: &str) -> Option<When> {
    Time::parse(text).map(When::Time).or_else(|| Day::parse(text).map(When::Day))
}

//! The demo household: two children, three devices, 20 months of recordings made from a few clips.
//!
//! What a day holds follows from the date alone (and a fixed seed), so two runs agree wherever they overlap.
//! Everybody in it is made up; see `static/demo/README.md`.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::Context;
use rules::{Date, Timestamp, contract::Transcript, location::Place};

use super::{Item, Moment, Options, Progress, Report, Source, clips, learned, run};
use crate::{core::Core, ingest};

/// How far back the recordings go, in calendar months.
const MONTHS: i64 = 20;
/// Any number: another one makes another household.
const SEED: u64 = 0x0f0e_0d0c_0b0a_0908;
/// The folder in the data folder that holds the clips while the household is moving in; one that was
/// interrupted moves in again.
const UNFINISHED: &str = "demo.unfinished";
/// The household lives in central Europe: local time is this many minutes ahead of UTC.
const LOCAL_MINUTES: i64 = 60;

/// A child of the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Child {
    /// Seven years old; homework, jokes and secrets.
    Mia,
    /// Three years old; dinosaurs and bedtime.
    Noah,
}

impl Child {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Mia, Self::Noah];

    /// What the child is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mia => "Mia",
            Self::Noah => "Noah",
        }
    }
}

/// Moves the household in, unless somebody lives in the data folder already. Says what became of it, or `None`
/// when there was nothing to do.
///
/// # Errors
/// When the data folder or the database cannot be written.
pub async fn fill(core: &Core, guardian: &str) -> anyhow::Result<Option<Report>> {
    let folder = core.data.join(UNFINISHED);
    if !folder.exists() {
        let children: i64 =
            sqlx::query_scalar("SELECT count(*) FROM child").fetch_one(core.db.read()).await?;
        if children > 0 {
            return Ok(None);
        }
    }
    let unwritable = || format!("cannot write to {}", folder.display());
    std::fs::create_dir_all(&folder).with_context(unwritable)?;
    for (name, bytes) in clips::CLIPS {
        std::fs::write(folder.join(name), bytes).with_context(unwritable)?;
    }
    let mut report = Report::default();
    let mut children = Vec::new();
    for child in Child::ALL {
        let id = ingest::find_or_make_child(core, guardian, child.name()).await?;
        children.push((child, id));
        let source = source(&folder, child, core.clock.now())?;
        let progress = Progress::shown(source.total);
        let options = Options::new(id, None);
        report.add(run(core, source, &options, &progress, std::future::pending()).await?);
    }
    learned::make(core, &children).await?;
    std::fs::remove_dir_all(&folder).with_context(unwritable)?;
    Ok(Some(report))
}

/// A child's recordings up to `now`, oldest first, from the clips in `folder`.
///
/// # Errors
/// When the table of clips is broken.
pub fn source(folder: &Path, child: Child, now: Timestamp) -> Result<Source, csv::Error> {
    let total = Household::new(folder, child, now)?.count() as u64;
    let items = Household::new(folder, child, now)?.map(Ok);
    Ok(Source { kind: "demo household", items: Box::new(items), total })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    Kitchen,
    Toy,
    Camera,
}

/// Where the family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    Home,
    Grandma,
    Seaside,
    /// Home, and no device on: for nine days in March nothing was recorded.
    Offline,
}

impl Stay {
    fn on(date: Date) -> Self {
        match date.civil() {
            (_, 12, 22..=28) => Self::Grandma,
            (_, 7, 18..=31) => Self::Seaside,
            (_, 3, 3..=11) => Self::Offline,
            _ => Self::Home,
        }
    }

    /// Latitude and longitude in microdegrees: public parks and a beach, nobody's house.
    const fn place(self) -> (i32, i32) {
        match self {
            Self::Home | Self::Offline => (53_596_400, 10_023_500),
            Self::Grandma => (37_374_500, -5_988_800),
            Self::Seaside => (48_649_400, -2_029_700),
        }
    }
}

/// A row of the table of clips.
struct Clip {
    file: PathBuf,
    name: String,
    device: Device,
    when: Vec<String>,
    transcript: Option<Transcript>,
}

/// The days of a child, one after another.
struct Household {
    clips: Vec<Clip>,
    child: Child,
    day: Date,
    now: Timestamp,
    today: std::vec::IntoIter<Item>,
}

impl Household {
    fn new(folder: &Path, child: Child, now: Timestamp) -> Result<Self, csv::Error> {
        let mut clips = Vec::new();
        for row in csv::Reader::from_reader(clips::TABLE.as_bytes()).into_deserialize() {
            let (file, _kind, language, transcript, who, device, when, _voice): (
                String,
                String,
                String,
                String,
                String,
                String,
                String,
                String,
            ) = row?;
            if who != "any" && who != child.name().to_lowercase() {
                continue;
            }
            clips.push(Clip {
                file: folder.join(&file),
                name: file,
                device: match device.as_str() {
                    "kitchen" => Device::Kitchen,
                    "toy" => Device::Toy,
                    _ => Device::Camera,
                },
                when: when.split(' ').map(str::to_owned).collect(),
                transcript: (!transcript.is_empty()).then_some(Transcript::new(transcript, Some(language))),
            });
        }
        let day = now.date().plus_months(-MONTHS);
        Ok(Self { clips, child, day, now, today: Vec::new().into_iter() })
    }

    fn recordings_of(&self, day: Date) -> Vec<Item> {
        let number = day.start().ms() / 86_400_000;
        let mut dice = Dice(SEED ^ number.cast_unsigned().wrapping_mul(2) ^ self.child as u64);
        // 1970-01-01 was a Thursday.
        let weekend = (number + 3).rem_euclid(7) >= 5;
        let stay = Stay::on(day);
        let counts: &[u64] = match (stay, weekend) {
            (Stay::Offline, _) => &[0],
            (Stay::Home, false) => &[0, 0, 1, 1, 1, 1, 2, 3],
            (Stay::Home, true) => &[0, 1, 1, 1, 2, 2, 3, 4],
            _ => &[0, 1, 1, 1, 2, 3],
        };
        // Only the toy travels.
        let here: Vec<&Clip> =
            self.clips.iter().filter(|clip| stay == Stay::Home || clip.device == Device::Toy).collect();
        let mut today = Vec::new();
        let mut used = HashSet::new();
        for _ in 0..*dice.one_of(counts) {
            let clip = *dice.one_of(&here);
            // Nobody says the same thing twice a day.
            if !used.insert(&clip.name) {
                continue;
            }
            let at = moment(day, dice.one_of::<String>(&clip.when), weekend, &mut dice);
            let location = location(stay, clip.device, &mut dice);
            // A small child is not always understood.
            let unheard = dice.below(100) < if self.child == Child::Noah { 10 } else { 3 };
            let transcript = clip.transcript.clone().filter(|_| !unheard);
            today.push((at, clip, transcript, location));
        }
        today.retain(|(at, ..)| *at <= self.now);
        today.sort_by_key(|(at, ..)| *at);
        today
            .into_iter()
            .map(|(at, clip, transcript, location)| Item {
                name: clip.name.clone(),
                file: clip.file.clone(),
                moment: Moment::Stated(at),
                device: Some(
                    match clip.device {
                        Device::Kitchen => "Kitchen speaker",
                        Device::Toy => "Story toy",
                        Device::Camera => "Nursery camera",
                    }
                    .into(),
                ),
                transcript,
                location,
            })
            .collect()
    }
}

impl Iterator for Household {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.today.next() {
                return Some(item);
            }
            if self.day > self.now.date() {
                return None;
            }
            self.today = self.recordings_of(self.day).into_iter();
            self.day = self.day.plus_days(1);
        }
    }
}

/// A moment of the day, by the family's clock: school on weekdays, late breakfasts at weekends.
fn moment(day: Date, when: &str, weekend: bool, dice: &mut Dice) -> Timestamp {
    let (from, to) = match when {
        "morning" if weekend => (7 * 60 + 30, 10 * 60 + 30),
        "morning" => (6 * 60 + 45, 8 * 60 + 10),
        "afternoon" => (14 * 60 + 30, 18 * 60),
        "evening" => (18 * 60, 20 * 60 + 30),
        _ => (LOCAL_MINUTES, 4 * 60 + 30),
    };
    let ms = dice.below((to - from).unsigned_abs() * 60_000).cast_signed();
    Timestamp::from_ms(day.start().ms() + (from - LOCAL_MINUTES) * 60_000 + ms)
}

/// Where a device says it was: the camera never does, the speaker sometimes, the toy mostly.
fn location(stay: Stay, device: Device, dice: &mut Dice) -> Option<Place> {
    let (percent, accuracy) = match (device, stay) {
        (Device::Camera, _) => (0, 1),
        (Device::Kitchen, _) => (40, 50),
        (Device::Toy, Stay::Home) => (70, 8 + dice.below(58)),
        (Device::Toy, _) => (90, 5 + dice.below(20)),
    };
    // A metre is nine microdegrees of latitude.
    let mut off =
        || i32::try_from(dice.below(18 * accuracy)).unwrap_or(0) - i32::try_from(9 * accuracy).unwrap_or(0);
    let (north, east) = (off(), off());
    let (latitude, longitude) = stay.place();
    let told = dice.below(100) < percent;
    Place::new(latitude + north, longitude + east, u32::try_from(accuracy).ok()).filter(|_| told)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine and in every release, which is all it is for.
struct Dice(u64);

impl Dice {
    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn one_of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[usize::try_from(self.below(things.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn household(now: &str) -> Vec<Item> {
        let both = Child::ALL.map(|child| Household::new(Path::new("/clips"), child, now.parse().unwrap()));
        both.into_iter().flat_map(|child| child.unwrap()).collect()
    }

    fn at(item: &Item) -> Timestamp {
        match item.moment {
            Moment::Stated(at) => at,
            Moment::FromFile => panic!("{} has no moment", item.name),
        }
    }

    #[test]
    fn about_fifteen_hundred_recordings_of_twenty_months_and_none_of_the_future() {
        for now in
            ["2026-11-21T14:00:00Z", "2027-01-01T00:00:00Z", "2028-02-29T23:59:59Z", "2026-07-25T09:00:00Z"]
        {
            let (items, now) = (household(now), now.parse::<Timestamp>().unwrap());
            assert!((1400..1600).contains(&items.len()), "{}", items.len());
            assert!(items.iter().all(|item| at(item) <= now));
            let oldest = items.iter().map(at).min().unwrap();
            assert!(oldest >= now.date().plus_months(-20).start());
            assert!(oldest < now.date().plus_months(-20).plus_days(7).start());
        }
    }

    #[test]
    fn a_day_later_the_days_before_are_the_same() {
        let (today, tomorrow) = (household("2026-11-21T14:00:00Z"), household("2026-11-22T14:00:00Z"));
        assert_eq!(today, household("2026-11-21T14:00:00Z"));
        let first_day = "2025-03-22T00:00:00Z".parse().unwrap();
        let shared = today.iter().filter(|item| at(item) >= first_day);
        assert!(shared.clone().count() > 1400);
        for item in shared {
            assert!(tomorrow.contains(item), "{item:?}");
        }
    }

    #[test]
    fn every_screen_has_something_true_to_show() {
        let items = household("2026-11-21T14:00:00Z");
        let some = |what: &str, is: &dyn Fn(&&Item) -> bool, least: usize| {
            let count = items.iter().filter(is).count();
            assert!(count >= least && count < items.len(), "{what}: {count}");
        };
        for device in ["Kitchen speaker", "Story toy", "Nursery camera"] {
            some(device, &|item| item.device.as_deref() == Some(device), 150);
        }
        some("with a place", &|item| item.location.is_some(), 300);
        some("without words", &|item| item.transcript.is_none(), 50);
        let near = |item: &Item, stay: Stay| {
            item.location.is_some_and(|place| place.latitude_udeg.abs_diff(stay.place().0) < 10_000)
        };
        some("at home", &|item| near(item, Stay::Home), 300);
        some("at grandma's", &|item| near(item, Stay::Grandma), 1);
        some("at the seaside", &|item| near(item, Stay::Seaside), 10);
        for language in ["en", "es", "de", "fr", "ar", "hi", "zh", "ja"] {
            let speaks = |item: &&Item| {
                item.transcript.as_ref().is_some_and(|text| text.language.as_deref() == Some(language))
            };
            some(language, &speaks, 10);
        }
        // The gap in March, in which the devices were off.
        let gap = |item: &&Item| Stay::on(at(item).date()) == Stay::Offline;
        assert_eq!(items.iter().filter(gap).count(), 0);
        // Nobody asks for the kitchen light at three in the morning.
        for item in items.iter().filter(|item| item.device.as_deref() == Some("Kitchen speaker")) {
            let hour = at(item).ms() / 3_600_000 % 24;
            assert!((5..20).contains(&hour), "{item:?}");
        }
    }
}

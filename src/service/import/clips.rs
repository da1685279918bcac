//! The demo household's recordings, carried in the binary: a demo works wherever the service does.

/// A clip: its file name and its bytes.
pub type Clip = (&'static str, &'static [u8]);

macro_rules! clips {
    ($($name:literal,)*) => {
        &[$(($name, include_bytes!(concat!("../../../static/demo/", $name)))),*]
    };
}

/// What is known of the clips: `static/demo/clips.csv`.
pub const TABLE: &str = include_str!("../../../static/demo/clips.csv");

/// What was learned from them: `static/demo/learned.csv`.
pub const LEARNED: &str = include_str!("../../../static/demo/learned.csv");

/// What is said in a clip of the table.
pub fn transcript(clip: &str) -> Result<Option<String>, csv::Error> {
    for row in csv::Reader::from_reader(TABLE.as_bytes()).into_records() {
        let row = row?;
        if row.get(0) == Some(clip) {
            return Ok(row.get(3).filter(|words| !words.is_empty()).map(ToOwned::to_owned));
        }
    }
    Ok(None)
}

/// Every clip of the table.
pub const CLIPS: &[Clip] = clips![
    "kitchen-light.opus",
    "kitchen-walnut.mp3",
    "kitchen-sky.opus",
    "kitchen-joke.opus",
    "kitchen-pancakes.mp3",
    "kitchen-birthday.opus",
    "kitchen-dinosaurs.ogg",
    "kitchen-seven-times-eight.opus",
    "kitchen-grandma.opus",
    "kitchen-homework.opus",
    "kitchen-abuela.mp3",
    "kitchen-fussball.ogg",
    "kitchen-blague.opus",
    "kitchen-qamar.opus",
    "kitchen-mausam.mp3",
    "kitchen-wanfan.opus",
    "kitchen-ensoku.ogg",
    "toy-lettuce.mp3",
    "toy-little-bear.opus",
    "toy-lina.opus",
    "toy-bad-dream.opus",
    "toy-good-night.ogg",
    "toy-stars.opus",
    "toy-shout.opus",
    "toy-chocolate.opus",
    "toy-luna.opus",
    "toy-kleiner-baer.mp3",
    "toy-dent.opus",
    "toy-oyasumi.opus",
    "toy-alphabet.flac",
    "camera-thirsty.wav",
    "camera-one-more.wav",
    "camera-elephant.opus",
    "camera-hush.opus",
    "camera-curtain.wav",
    "camera-so-ja.opus",
    "camera-tisbah.opus",
    "camera-wanan.opus",
    "camera-cannot-sleep.mp4",
    "camera-peekaboo.webm",
    "camera-motion.mp4",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_of_the_table_is_carried_and_no_other() {
        let mut table = csv::Reader::from_reader(TABLE.as_bytes());
        let named: Vec<String> = table.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(named, CLIPS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn the_clips_weigh_less_than_a_megabyte() {
        assert!(CLIPS.len() >= 24);
        assert!(CLIPS.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < 1 << 20);
    }
}

//! Looking for destroyed keys in the files themselves, byte by byte: what SQLite says of its own rows
//! is not evidence.

use std::{
    collections::HashMap,
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use super::{Owner, dek_nonce};

const LEN: usize = super::kms::NONCE;
/// How much is read at a time.
const PIECE: usize = 1 << 20;

/// What a recording's key would be found by: the bytes it begins with, and the end of the
/// recording's id, which is random.
pub struct Needles([[u8; LEN]; 2]);

impl Needles {
    pub fn of(of: Owner) -> Self {
        let id = of.1.to_string();
        let mut end = [0; LEN];
        end.copy_from_slice(&id.as_bytes()[id.len() - LEN..]);
        Self([dek_nonce(of), end])
    }
}

/// For each of the needles whether the database or its log has it anywhere.
pub fn find(database: &Path, needles: &[Needles]) -> std::io::Result<Vec<bool>> {
    let mut found = vec![false; needles.len()];
    let mut by_bytes: HashMap<[u8; LEN], usize> = HashMap::new();
    // By their first two bytes: nearly every place of a file is passed over with one look.
    let mut begins = vec![false; 1 << 16];
    for (n, Needles(needles)) in needles.iter().enumerate() {
        for needle in needles {
            by_bytes.insert(*needle, n);
            begins[usize::from(u16::from_be_bytes([needle[0], needle[1]]))] = true;
        }
    }
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    for path in [database, Path::new(&log)] {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::with_capacity(PIECE + LEN);
        loop {
            // What may be the beginning of a needle stays for the next piece.
            bytes.drain(..bytes.len().saturating_sub(LEN - 1));
            if file.by_ref().take(PIECE as u64).read_to_end(&mut bytes)? == 0 {
                break;
            }
            for window in bytes.windows(LEN) {
                if begins[usize::from(u16::from_be_bytes([window[0], window[1]]))]
                    && let Some(n) = by_bytes.get(window)
                {
                    found[*n] = true;
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rules::{ChildId, RecordingId};

    use super::*;

    #[test]
    fn a_key_is_found_wherever_it_lies_also_between_two_pieces_and_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.db");
        let of = |n| (ChildId::from_parts(1, 1), RecordingId::from_parts(1, n));
        let needles: Vec<_> = (1..=3).map(|n| Needles::of(of(n))).collect();
        assert_eq!(find(&file, &needles).unwrap(), [false; 3], "no file, no trace");
        for at in [0, 7, PIECE - 5, PIECE, 2 * PIECE - LEN, 3 * PIECE - LEN] {
            let mut bytes = vec![0; 3 * PIECE];
            bytes[at..at + LEN].copy_from_slice(&dek_nonce(of(2)));
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(find(&file, &needles).unwrap(), [false, true, false], "{at}");
        }
        std::fs::write(&file, [0; 100]).unwrap();
        std::fs::write(folder.path().join("keys.db-wal"), of(3).1.to_string()).unwrap();
        assert_eq!(find(&file, &needles).unwrap(), [false, false, true]);
    }
}

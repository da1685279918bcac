//! Looking for destroyed keys in the files themselves, byte by byte: what SQLite says of its own rows
//! is not evidence.

use std::{
    collections::HashMap,
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

use rules::Stores;

use super::{MARK, Owner, dek_mark, parts::PARTS};

/// How much of an id is looked for, and how much is looked at.
const LEN: usize = 12;
/// How much is read at a time.
const PIECE: usize = 1 << 20;

/// What the keys of a recording's parts would be found by: the bytes that each begins with; and the end of the
/// recording's id, which is random, once none of it is to have a key any more.
pub struct Needles {
    marks: Vec<[u8; MARK]>,
    id: Option<[u8; LEN]>,
}

impl Needles {
    pub fn of(of: Owner, parts: Stores) -> Self {
        let marks: Vec<_> =
            PARTS.into_iter().filter(|part| parts.has(*part)).map(|part| dek_mark(part, of)).collect();
        let id = of.1.to_string();
        let mut end = [0; LEN];
        end.copy_from_slice(&id.as_bytes()[id.len() - LEN..]);
        let all = PARTS.into_iter().all(|part| parts.has(part));
        Self { marks, id: all.then_some(end) }
    }
}

/// For each of the needles whether the database or its log has it anywhere.
pub fn find(database: &Path, needles: &[Needles]) -> std::io::Result<Vec<bool>> {
    let mut found = vec![false; needles.len()];
    let mut by_mark: HashMap<[u8; MARK], usize> = HashMap::new();
    let mut by_id: HashMap<[u8; LEN], usize> = HashMap::new();
    // By their first two bytes: nearly every place of a file is passed over with one look.
    let mut begins = vec![false; 1 << 16];
    for (n, needles) in needles.iter().enumerate() {
        by_mark.extend(needles.marks.iter().map(|mark| (*mark, n)));
        by_id.extend(needles.id.map(|id| (id, n)));
        let all = needles.marks.iter().map(|mark| &mark[..2]).chain(needles.id.iter().map(|id| &id[..2]));
        for begin in all {
            begins[usize::from(u16::from_be_bytes([begin[0], begin[1]]))] = true;
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
                if begins[usize::from(u16::from_be_bytes([window[0], window[1]]))] {
                    // A key is longer than its mark, so none is missed at the end.
                    for n in by_id.get(window).into_iter().chain(by_mark.get(&window[..MARK])) {
                        found[*n] = true;
                    }
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rules::{ChildId, RecordingId, StoreId};

    use super::super::dek_nonce;

    use super::*;

    #[test]
    fn a_key_is_found_wherever_it_lies_also_between_two_pieces_and_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.db");
        let of = |n| (ChildId::from_parts(1, 1), RecordingId::from_parts(1, n));
        let needles: Vec<_> = (1..=3).map(|n| Needles::of(of(n), Stores::ALL)).collect();
        assert_eq!(find(&file, &needles).unwrap(), [false; 3], "no file, no trace");
        for at in [0, 7, PIECE - 5, PIECE, 2 * PIECE - LEN, 3 * PIECE - LEN] {
            let mut bytes = vec![0; 3 * PIECE];
            bytes[at..at + LEN].copy_from_slice(&dek_nonce(StoreId::Transcript, of(2)));
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(find(&file, &needles).unwrap(), [false, true, false], "{at}");
        }
        std::fs::write(&file, [0; 100]).unwrap();
        std::fs::write(folder.path().join("keys.db-wal"), of(3).1.to_string()).unwrap();
        assert_eq!(find(&file, &needles).unwrap(), [false, false, true]);
    }
}
